import type { CreatePause } from '@vibetribe/contracts/pause';
import type { Database } from '@vibetribe/db/connect-database';
import { addPause } from '@vibetribe/db/testing/test-rows';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { createPause } from '../../pauses/create-pause.ts';
import { expireLeases } from '../dispatch/expire-leases.ts';
import { type FailpointName, noFailpoints } from '../failpoints.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const scopes = ['account', 'organization', 'service'] as const;

function pauseOf(
  db: Database,
  scope: (typeof scopes)[number],
  { organizationId, accountId }: { organizationId: string; accountId: string },
): Promise<unknown> {
  const actor: Actor = {
    organizationId,
    userId: null,
    principal: 'test',
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: true,
  };
  const input: CreatePause = { scope, reason: 'crisis', ...(scope === 'account' ? { id: accountId } : {}) };
  return createPause({ db }, actor, input);
}

const isSomebodyStopped = async () =>
  (await harness.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
    .length > 0;

test.each(scopes)(
  'a pause (%s) is not answered while an intent that did not see it can still be written',
  async (scope) => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    const order: string[] = [];
    let pausing: Promise<unknown> = Promise.resolve();
    const reach = async (name: string) => {
      if (name !== 'intent:before_commit') return;
      pausing = pauseOf(harness.deps.db, scope, account).then(() => order.push('the pause is answered'));
      await expect.poll(async () => order.length > 0 || (await isSomebodyStopped()), { timeout: 5_000 }).toBe(true);
      order.push('the intent is written');
    };
    await harness.engine({}, { has: () => true, reach }).publish(id);
    await pausing;
    expect(order).toEqual(['the intent is written', 'the pause is answered']);
    const next = await harness.addPublication({ ...account, text: 'Next' });
    await harness.engine().publish(next);
    expect(harness.platform.accepted.map(({ text }) => text)).toEqual(['Hello']);
  },
);

test.each(scopes)('a pause (%s) that is being made holds back an intent that comes meanwhile', async (scope) => {
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  const other = await harness.addPublication({ ...(await harness.addAccount()), text: 'Of another organization' });
  const written = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow: Database = {
    ...harness.deps.db,
    asWorker: (work) =>
      harness.deps.db.asWorker(async (tx) => {
        const result = await work(tx);
        written.resolve();
        await release.promise;
        return result;
      }),
  };
  const pausing = pauseOf(slow, scope, account);
  await written.promise;
  const engine = harness.engine();
  const publishing = engine.publish(id);
  await expect.poll(isSomebodyStopped, { timeout: 5_000 }).toBe(true);
  release.resolve();
  await Promise.all([publishing, pausing]);
  await engine.publish(other);
  expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', attempts: 0 });
  expect((await harness.read(other)).status).toBe(scope === 'service' ? 'waiting' : 'published');
});

test('a pause that the next part meets leaves open what a database that has gone back knows to have begun', async () => {
  const account = await harness.addAccount();
  const id = await harness.addPublication({ ...account, text: 'One', thread: ['Two'] });
  const loseFirstOutcome = async (name: FailpointName) => {
    if (name !== 'record:after_commit') return;
    await harness.sql(`update publications set parts = null, platform_post_id = null, url = null, committed = false,
      intent_at = now(), in_doubt_since = now()`);
    await harness.sql('update publication_steps set result = null, done_at = null');
    await harness.sql('update attempts set ended_at = null, outcome = null');
    await addPause(harness.sql, account);
  };
  await harness.engine({}, { ...noFailpoints, reach: loseFirstOutcome }).publish(id);
  const [row] = await harness.sql('select intent_at is not null as "isOpen" from publications');
  expect(row).toEqual({ isOpen: true });

  await harness.sql('update pauses set lifted_at = now()');
  await harness.endLease(id);
  await expireLeases(harness.deps, harness.settings);
  for (let look = 0; look < 5 && (await harness.read(id)).status !== 'published'; look += 1) {
    await harness.makeDue(id);
    await harness.engine().publish(id);
  }
  expect((await harness.read(id)).status).toBe('published');
  expect(harness.platform.accepted.map(({ text }) => text)).toEqual(['One', 'Two']);
});
