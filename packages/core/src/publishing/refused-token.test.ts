import type { PublishRun } from '@vibetribe/platforms/port/publish';
import type { ReconcileQuery } from '@vibetribe/platforms/port/reconcile';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
/** What the platform takes. */
let valid: string;
let refreshes: number;

beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
  valid = 'token 2';
  refreshes = 0;
  const adapter = { ...harness.platform.adapter };
  const refuseOld = (accessToken: string) => {
    if (accessToken === valid) return;
    throw new PlatformError('auth_expired', 'The token has expired.', { platformCode: '401' });
  };
  Object.assign(harness.platform.adapter, {
    refresh: {
      isPossible: () => true,
      refresh: () => {
        refreshes += 1;
        return Promise.resolve({ accessToken: `token ${refreshes + 1}`, refreshToken: 'r', scopes: [] });
      },
    },
    publish: (run: PublishRun) =>
      adapter.publish({
        ...run,
        step: (step) =>
          run.step({
            ...step,
            run: (context) => {
              refuseOld(run.accessToken);
              return step.run(context);
            },
          }),
      }),
    reconcile: (query: ReconcileQuery) => {
      refuseOld(query.accessToken);
      return adapter.reconcile(query);
    },
  });
});
afterEach(() => harness[Symbol.asyncDispose]());

async function addPublication(): Promise<string> {
  const account = await harness.addAccount();
  const [grant] = await harness.sql<{ id: string }>('select id from grants where organization_id = $1', [
    account.organizationId,
  ]);
  const credentials = harness.deps.keyRing.seal(
    JSON.stringify({ accessToken: 'token 1', refreshToken: 'r', scopes: [] }),
    { organizationId: account.organizationId, table: 'grants', rowId: grant?.id ?? '', column: 'credentials' },
  );
  await harness.sql('update grants set credentials = $2 where id = $1', [grant?.id, credentials]);
  return harness.addPublication(account);
}

test('an expired token that the send meets costs no attempt and no time: refreshed and sent again at once', async () => {
  const id = await addPublication();
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1, retries_used: 0 });
  expect(refreshes).toBe(1);
  expect(await harness.timeline(id)).toEqual(['claimed', 'sent', 'waiting', 'claimed', 'sent', 'published']);
  expect(await harness.sql('select 1 from attempts')).toHaveLength(1);
});

test('a token that the look-up meets expired is refreshed, and the platform asked again at once', async () => {
  const id = await addPublication();
  harness.platform.behave('accept_then_lose_reply');
  await harness.engine().publish(id);
  valid = 'token 3';
  await harness.makeDue(id);
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1 });
  expect(refreshes).toBe(2);
});

test('a fresh token that is refused too is a failed try: nothing is refreshed without end', async () => {
  valid = 'none';
  const id = await addPublication();
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'retrying', attempts: 1, retries_used: 1 });
  expect(refreshes).toBe(1);
});

test('a refused token that cannot be replaced, as our database is away, waits for it and uses nothing up', async () => {
  const id = await addPublication();
  const engine = harness.engine(
    {},
    {
      has: () => true,
      reach: (name) =>
        name === 'token:before_store' ? Promise.reject(new Error('the database is away')) : Promise.resolve(),
    },
  );
  await engine.publish(id);
  expect(await harness.read(id)).toMatchObject({
    status: 'waiting',
    waiting_reason: 'internal',
    attempts: 0,
    retries_used: 0,
  });
});
