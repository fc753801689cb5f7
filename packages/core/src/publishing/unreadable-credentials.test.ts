import { createKeyRing } from '@vibetribe/security/key-ring';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

test.each([
  ['that is good for long', 'null'],
  ['that has to be refreshed first', `now() + interval '1 minute'`],
])('a token %s and that no key opens makes its post wait, uses nothing up and says why', async (_, expiresAt) => {
  const id = await harness.addPublication(await harness.addAccount());
  const other = createKeyRing(`other:${Buffer.alloc(32, 9).toString('base64')}`);
  const [grant] = await harness.sql<{ id: string; organization_id: string }>('select id, organization_id from grants');
  const sealed = other.seal(JSON.stringify({ accessToken: 'x', scopes: [] }), {
    organizationId: grant?.organization_id ?? '',
    table: 'grants',
    rowId: grant?.id ?? '',
    column: 'credentials',
  });
  await harness.sql(`update grants set credentials = $1, expires_at = ${expiresAt}`, [sealed]);
  await harness.engine().publish(id);
  const row = await harness.read(id);
  expect(row).toMatchObject({ status: 'waiting', waiting_reason: 'token', attempts: 0, retries_used: 0 });
  expect(row.due_in_ms).toBeGreaterThan(60_000);
  expect(await harness.timeline(id)).toEqual(['claimed', 'waiting']);
  const [told] = await harness.sql<{ message: string }>('select message from events order by id desc limit 1');
  expect(told?.message).toContain('cannot be opened with the keys of this service');
  expect(await harness.sql('select dead_at from grants')).toEqual([{ dead_at: null }]);
});
