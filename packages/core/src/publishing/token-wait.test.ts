import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { markGrantDead } from '../accounts/grants/mark-grant-dead.ts';
import { getValidToken } from '../accounts/tokens/get-valid-token.ts';
import { resumeWaiting } from './dispatch/resume-waiting.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The account's token has ended, and the platform does not take the application's secret. */
async function wrongSecret(accountId: string): Promise<{ answer: 'refuse' | 'renew' }> {
  await harness.sql(
    `update grants set expires_at = now() - interval '1 hour' where id = (select grant_id from accounts where id = $1)`,
    [accountId],
  );
  const platform: { answer: 'refuse' | 'renew' } = { answer: 'refuse' };
  Object.assign(harness.platform.adapter, {
    refresh: {
      cost: 'rotating',
      isPossible: () => true,
      refresh: () =>
        platform.answer === 'renew'
          ? Promise.resolve({ accessToken: 'fresh', scopes: [] })
          : Promise.reject(
              new PlatformError('permission', 'X refused the request', { platformCode: 'invalid_client' }),
            ),
    },
  });
  return platform;
}

/** Lets the stored times pass: the post becomes later, and its account has been failing for longer. */
async function pass(id: string, ms: number): Promise<void> {
  await harness.sql(
    `update publications set scheduled_at = scheduled_at - $2 * interval '1 ms', due_at = due_at - $2 * interval '1 ms' where id = $1`,
    [id, ms],
  );
  await harness.sql(`update grants set failing_since = failing_since - $1 * interval '1 ms'`, [ms]);
}

const kinds = async () =>
  (await harness.sql<{ kind: string }>('select kind from notifications order by created_at')).map(({ kind }) => kind);

describe('waiting for a token', () => {
  test('is asked for ever more seldom, told of after an hour, and ends in a question after a day', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    await wrongSecret(account.accountId);
    const engine = harness.engine();
    let looks = 0;
    let passedMs = 0;
    let toldAfterMs: number | null = null;
    while ((await harness.read(id)).waiting_reason !== 'decision') {
      await engine.publish(id);
      looks += 1;
      const { due_in_ms: dueInMs } = await harness.read(id);
      if (toldAfterMs === null && (await kinds()).length > 0) toldAfterMs = passedMs;
      if (dueInMs === null) break;
      passedMs += dueInMs + 1_000;
      await pass(id, dueInMs + 1_000);
    }
    expect(passedMs).toBeGreaterThanOrEqual(24 * hourMs);
    expect(passedMs).toBeLessThan(26 * hourMs);
    expect(looks).toBeLessThan(60);
    expect((await harness.timeline(id)).length).toBeLessThan(100);
    expect(toldAfterMs).toBeGreaterThanOrEqual(hourMs);
    expect(toldAfterMs).toBeLessThan(3 * hourMs);
    expect(await kinds()).toEqual(['account_token_failing', 'publication_asks']);
    expect(await harness.read(id)).toMatchObject({ attempts: 0, status: 'waiting', waiting_reason: 'decision' });
    const [notification] = await harness.sql<{ body: string }>(
      `select body from notifications where kind = 'account_token_failing'`,
    );
    expect(notification?.body).toContain("does not accept this server's application");
  });

  test('a post that waits goes out as soon as somebody else has renewed the token', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    const platform = await wrongSecret(account.accountId);
    await harness.sql(`update publications set scheduled_at = now() - interval '5 hours' where id = $1`, [id]);
    await harness.engine().publish(id);
    expect((await harness.read(id)).due_in_ms).toBeGreaterThan(30 * minuteMs);
    platform.answer = 'renew';
    const [grant] = await harness.sql<{ id: string }>('select id from grants');
    expect(await getValidToken(harness.deps, grant?.id ?? '')).toMatchObject({ kind: 'valid', refreshed: true });
    expect((await harness.read(id)).due_in_ms).toBeLessThanOrEqual(0);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published' });
  });

  test.each([
    ['late', { policy: 'late', maxLateSeconds: 7_200 }, 2 * hourMs, { status: 'waiting', waiting_reason: 'decision' }],
    ['skip', { policy: 'skip' }, null, { status: 'skipped' }],
  ] as const)(
    'for an account to be connected again ends by the misfire policy, too (%s)',
    async (_name, misfire, endsAfterMs, ended) => {
      const account = await harness.addAccount();
      const id = await harness.addPublication({ ...account, misfire });
      const [grant] = await harness.sql<{ id: string }>('select id from grants');
      await markGrantDead(harness.deps, { id: grant?.id ?? '', refreshFence: 0 }, 'X');
      await harness.engine().publish(id);
      const { due_in_ms: dueInMs, ...state } = await harness.read(id);
      expect(state).toMatchObject({ status: 'waiting', waiting_reason: 'token' });
      if (endsAfterMs !== null) expect(Math.abs((dueInMs ?? 0) - endsAfterMs)).toBeLessThan(minuteMs);
      await pass(id, (dueInMs ?? 0) + 1_000);
      await harness.engine().publish(id);
      expect(await harness.read(id)).toMatchObject(ended);
    },
  );

  test('found dead by a send it has the same end', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    Object.assign(harness.platform.adapter, {
      publish: () => Promise.reject(new PlatformError('auth_revoked', 'X refused the token', { platformCode: '401' })),
    });
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ waiting_reason: 'token', due_in_ms: null });
    expect(await resumeWaiting(harness.deps)).toBe(0);
    await pass(id, 25 * hourMs);
    expect(await resumeWaiting(harness.deps)).toBe(1);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'decision' });
    expect(await resumeWaiting(harness.deps)).toBe(0);
  });

  test('a send in doubt whose account is not connected again for a day is left to a person', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    harness.platform.behave('accept_then_lose_reply');
    await harness.engine().publish(id);
    const [grant] = await harness.sql<{ id: string }>('select id from grants');
    await markGrantDead(harness.deps, { id: grant?.id ?? '', refreshFence: 0 }, 'X');
    await harness.sql(`update grants set expires_at = now() - interval '1 hour'`);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ waiting_reason: 'reconciling', due_in_ms: null });
    expect(await resumeWaiting(harness.deps)).toBe(0);
    await harness.sql(
      `update publications set intent_at = intent_at - interval '25 hours', in_doubt_since = in_doubt_since - interval '25 hours'`,
    );
    expect(await resumeWaiting(harness.deps)).toBe(1);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed' });
  });
});
