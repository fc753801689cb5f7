import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { disconnectAccount } from '../accounts/disconnect-account.ts';
import { markGrantDead } from '../accounts/grants/mark-grant-dead.ts';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PublishRun } from '@vibetribe/platforms/port/publish';
import { noFailpoints } from './failpoints.ts';
import { resumeWaiting } from './dispatch/resume-waiting.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
let account: { organizationId: string; accountId: string };
let actor: Actor;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
  account = await harness.addAccount();
  const { organizationId } = account;
  actor = {
    organizationId,
    userId: null,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: 'user:test',
  };
});
afterEach(() => harness[Symbol.asyncDispose]());

const sendInDoubt = async () => {
  const id = await harness.addPublication(account);
  harness.platform.behave('accept_then_lose_reply');
  await harness.engine().publish(id);
  return id;
};

test('a send in doubt whose account is disconnected is left to a person: nobody can ask the platform any more', async () => {
  const id = await sendInDoubt();
  await disconnectAccount(harness.deps, actor, account);
  await harness.makeDue(id);
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
});

test('the same where it waited for the account to be connected again, and it is disconnected instead', async () => {
  const id = await sendInDoubt();
  const [grant] = await harness.sql<{ id: string }>('select id from grants');
  await markGrantDead(harness.deps, { id: grant?.id ?? '', refreshFence: 0 }, 'X');
  await harness.sql('update publications set due_at = null');
  await disconnectAccount(harness.deps, actor, account);
  expect(await resumeWaiting(harness.deps)).toBe(1);
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
});

test.each(['refuse_connection', 'refuse_token'] as const)(
  'a send that fails (%s) after its account was disconnected is over: it does not wait for the account to come back',
  async (failure) => {
    const id = await harness.addPublication(account);
    if (failure === 'refuse_connection') harness.platform.behave('refuse_connection');
    else Object.assign(harness.platform.adapter, { publish: refuseToken });
    const disconnectInSend = async (name: string) =>
      void (name === 'send:before_request' && (await disconnectAccount(harness.deps, actor, account)));
    await harness.engine({}, { ...noFailpoints, reach: disconnectInSend }).publish(id);
    await resumeWaiting(harness.deps);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'skipped', due_in_ms: null });
  },
);

test.each(['processing', 'token'])(
  'what the platform has taken, and waits (%s) when its account is disconnected, is left to a person',
  async (reason) => {
    const id = await harness.addPublication(account);
    await harness.sql(
      `update publications set status = 'waiting', committed = true, attempts = 1, waiting_reason = $2, waiting_detail = 'Waits.',
         due_at = case when $2 = 'token' then null else due_at end where id = $1`,
      [id, reason],
    );
    await disconnectAccount(harness.deps, actor, account);
    await resumeWaiting(harness.deps);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
    expect(await resumeWaiting(harness.deps)).toBe(0);
  },
);

test('a post that is looked at again when its account is disconnected tells of the look in its own words', async () => {
  const id = await harness.addPublication(account);
  await harness.sql(
    `update publications set status = 'publishing', fence = 1, lease_owner = 'another', lease_until = clock_timestamp() + interval '1 minute',
       told_wait = '{"reason": "breaker", "detail": "The platform is down.", "times": 3, "lastAtMs": 0}' where id = $1`,
    [id],
  );
  await disconnectAccount(harness.deps, actor, account);
  const events = await harness.sql<{ type: string; message: string }>('select type, message from events order by id');
  expect(events.map(({ type, message }) => `${type}: ${message}`).slice(-2)).toEqual([
    'publication.claimed: A publisher took it up.',
    'publication.canceled: Canceled, because its account was disconnected; it will not appear.',
  ]);
});

async function refuseToken(send: PublishRun): Promise<never> {
  const run = () =>
    Promise.reject(new PlatformError('auth_revoked', 'The token was revoked.', { platformCode: '401' }));
  return send.step({ name: 'publish', effect: 'once', run });
}
