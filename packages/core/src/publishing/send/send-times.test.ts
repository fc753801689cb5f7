import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

test('where the platform orders by our time, sends of an account share no millisecond, whoever makes them', async () => {
  Object.assign(harness.platform.adapter, { sendTimesDiffer: true });
  const account = await harness.addAccount();
  const ids = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      harness.addPublication({ ...account, text: `Post ${index}`, dueInMs: -1_000 * index }),
    ),
  );
  const publishers = [harness.engine(), harness.engine(), harness.engine()];
  await Promise.all(ids.map((id, index) => (publishers[index % 3] ?? harness.engine()).publish(id)));
  const times = await harness.sql<{ ms: string }>(
    'select floor(extract(epoch from started_at) * 1000)::text as ms from attempts where account_id = $1',
    [account.accountId],
  );
  expect(times).toHaveLength(30);
  expect(new Set(times.map(({ ms }) => ms)).size).toBe(30);
});
