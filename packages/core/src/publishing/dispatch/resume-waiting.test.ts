import { addPause } from '@vibetribe/db/testing/test-rows';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { markGrantDead } from '../../accounts/grants/mark-grant-dead.ts';
import { storeGrant } from '../../accounts/grants/store-grant.ts';
import { liftPause } from '../../pauses/lift-pause.ts';
import { noFailpoints } from '../failpoints.ts';
import { resumeWaiting } from './resume-waiting.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

/** What the claim's transaction does between its look and its commit. */
const beforeClaimCommits = (run: () => Promise<unknown>) => ({
  ...noFailpoints,
  reach: async (name: string) => void (name === 'claim:before_commit' && (await run())),
});

const hold = (id: string, reason: string) =>
  harness.sql(
    `update publications set status = 'waiting', waiting_reason = $2, waiting_detail = 'held', due_at = null where id = $1`,
    [id, reason],
  );
const stop = (organizationId: string | null, accountId: string | null = null) =>
  addPause(harness.sql, { organizationId, accountId });

test('a stop that is lifted while a publisher obeys it: the post goes out, as nothing holds it any more', async () => {
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  const pauseId = await stop(account.organizationId);
  const actor: Actor = {
    organizationId: account.organizationId,
    userId: null,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: 'user:test',
  };
  await harness
    .engine(
      {},
      beforeClaimCommits(() => liftPause(harness.deps, actor, { pauseId })),
    )
    .publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', due_in_ms: null });

  expect(await resumeWaiting(harness.deps)).toBe(1);
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published' });
});

test.each([
  ['the service', () => stop(null)],
  ['its organization', (organizationId: string) => stop(organizationId)],
  ['its account', (organizationId: string, accountId: string) => stop(organizationId, accountId)],
])('what is held by a stop of %s stays', async (_, stopAll) => {
  const { organizationId, accountId } = await harness.addAccount();
  const id = await harness.addPublication({ organizationId, accountId });
  await hold(id, 'paused');
  await stopAll(organizationId, accountId);
  expect(await resumeWaiting(harness.deps)).toBe(0);
  await harness.sql('update pauses set lifted_at = now()');
  expect(await resumeWaiting(harness.deps)).toBe(1);
});

test.each(['token', 'reconciling'])(
  'what waits for its account (%s) goes on when that is connected, and not before',
  async (reason) => {
    const { organizationId, accountId } = await harness.addAccount();
    const id = await harness.addPublication({ organizationId, accountId });
    const [grant] = await harness.sql<{ id: string }>('select id from grants');
    await markGrantDead(harness.deps, { id: grant?.id ?? '', refreshFence: 0 }, 'X');
    await hold(id, reason);
    expect(await resumeWaiting(harness.deps)).toBe(0);

    const accounts = [{ externalId: accountId, handle: 'someone', displayName: 'Someone' }];
    const connected = { credentials: { accessToken: 'new', scopes: [] }, service: null, accounts };
    await storeGrant(harness.deps, organizationId, 'x', connected, { source: 'manual' });
    // As a publisher writes it that learnt of the dead grant before.
    await hold(id, reason);
    expect(await resumeWaiting(harness.deps)).toBe(1);
    expect((await harness.read(id)).due_in_ms).toBeLessThanOrEqual(0);
  },
);

test('what waits for a person is left to that person', async () => {
  const id = await harness.addPublication(await harness.addAccount());
  await hold(id, 'decision');
  expect(await resumeWaiting(harness.deps)).toBe(0);
});
