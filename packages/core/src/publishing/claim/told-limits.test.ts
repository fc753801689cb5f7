import type { PlatformResponse } from '@vibetribe/platforms/port/platform-http';
import { describe, expect, test } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { noteExhaustedLimits } from '../send/note-exhausted-limits.ts';
import { createGate } from '../testing/create-gate.ts';
import type { TestHarness } from '../testing/test-harness.ts';
import { hourMs, harnessWith, engineOf, readAll, addPosts, makeDue } from '../testing/test-limits.ts';

const dayMs = 24 * hourMs;

/** The memory platform behind HTTP: every send is answered with these headers. */
function answering(harness: TestHarness, headers: Record<string, string>, status = 201): Partial<CoreDependencies> {
  const { adapter } = harness.platform;
  return {
    adapters: {
      ...harness.deps.adapters,
      x: {
        ...adapter,
        publish: (run) =>
          adapter.publish({
            ...run,
            step: (step) =>
              run.step({
                ...step,
                run: async (context) => (
                  await context.http.request({ method: 'POST', url: 'https://platform.example/' }),
                  step.run(context)
                ),
              }),
          }),
      },
    },
    platformHttp: (_platform, { onAnswer }) => ({
      async request() {
        const answer: PlatformResponse = { status, headers, receivedAt: new Date(), json: {}, text: '' };
        onAnswer?.(answer);
        return answer;
      },
    }),
  };
}

const spentIn = (seconds: number, name = 'x-rate-limit') => ({
  [`${name}-remaining`]: '0',
  [`${name}-reset`]: String(Math.ceil(Date.now() / 1_000) + seconds),
});

describe('what the platform says about its limits', () => {
  test('an answer that the last permit is gone lets the next post of the account wait for the window, whichever publisher has it', async () => {
    await using harness = await harnessWith();
    const account = await harness.addAccount();
    const [first = '', second = ''] = await addPosts(harness, account, 2);
    const [other = ''] = await addPosts(harness, await harness.addAccount(), 1);
    await engineOf(harness, answering(harness, spentIn(600))).publish(first);
    await engineOf(harness).publish(second);
    await engineOf(harness).publish(other);
    expect(harness.platform.accepted).toHaveLength(2);
    const waiting = (await readAll(harness)).filter(({ status }) => status === 'waiting');
    expect(waiting).toMatchObject([{ waiting_reason: 'rate_limit', attempts: 0, retries_used: 0 }]);
    expect(waiting[0]?.due_in_ms).toBeGreaterThan(590_000);
    expect(waiting[0]?.due_in_ms).toBeLessThan(602_000);
    await harness.sql(`update accounts set posts_closed_until = now() - interval '1 ms'`);
    await makeDue(harness);
    await engineOf(harness).publish(second);
    expect(harness.platform.accepted).toHaveLength(3);
  });

  test('an answer about the application holds back every account behind it, but none that brought its own', async () => {
    await using harness = await harnessWith();
    const [one, two, own] = [await harness.addAccount(), await harness.addAccount(), await harness.addAccount()];
    await harness.sql(`update grants set source = 'manual' where id = (select grant_id from accounts where id = $1)`, [
      own.accountId,
    ]);
    const [first = '', second = '', third = ''] = (
      await Promise.all([one, two, own].map((account) => addPosts(harness, account, 1)))
    ).flat();
    await engineOf(harness, answering(harness, spentIn(600, 'x-app-limit-24hour'))).publish(first);
    await engineOf(harness).publish(second);
    await engineOf(harness).publish(third);
    expect(harness.platform.accepted).toHaveLength(2);
    expect((await readAll(harness)).filter(({ status }) => status === 'waiting')).toMatchObject([
      { waiting_reason: 'rate_limit', attempts: 0 },
    ]);
  });

  test.each([
    { protected: true, atOnce: 1 },
    { protected: false, atOnce: 3 },
  ])(
    'once its time is over $atOnce of three asks whether the application may post again ($protected)',
    async (given) => {
      await using harness = await harnessWith();
      const ids: string[] = [];
      for (let index = 0; index < 3; index += 1) ids.push(...(await addPosts(harness, await harness.addAccount(), 1)));
      await harness.sql(`insert into app_limits (platform, closed_until) values ('x', now() - interval '1 ms')`);
      const gate = createGate(['send:before_request']);
      const has = (protection: string) => given.protected || protection !== 'account_line';
      const engine = engineOf(harness, { failpoints: { ...gate.failpoints, has } });
      const runs = ids.map((id) => engine.publish(id));
      await gate.reachedBy(given.atOnce);
      const waiting = async () =>
        (await readAll(harness)).filter(({ waiting_reason: reason }) => reason === 'rate_limit');
      await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(3 - given.atOnce);
      gate.open();
      await Promise.all(runs);
      await makeDue(harness);
      await Promise.all(ids.map((id) => engine.publish(id)));
      expect(harness.platform.accepted).toHaveLength(3);
    },
  );

  test("an answer about a user's own application closes that account alone", async () => {
    await using harness = await harnessWith();
    const [own, other] = [await harness.addAccount(), await harness.addAccount()];
    await harness.sql(`update grants set source = 'manual' where id = (select grant_id from accounts where id = $1)`, [
      own.accountId,
    ]);
    const [first = '', second = ''] = await addPosts(harness, own, 2);
    const [third = ''] = await addPosts(harness, other, 1);
    await engineOf(harness, answering(harness, spentIn(600, 'x-app-limit-24hour'))).publish(first);
    await engineOf(harness).publish(second);
    await engineOf(harness).publish(third);
    expect(harness.platform.accepted).toHaveLength(2);
    expect(await harness.sql('select 1 from app_limits where closed_until is not null')).toEqual([]);
  });

  const closedForMs = async (harness: TestHarness, accountId: string) => {
    const [row] = await harness.sql<{ ms: number | null }>(
      'select extract(epoch from posts_closed_until - clock_timestamp())::float8 * 1000 as ms from accounts where id = $1',
      [accountId],
    );
    return row?.ms ?? null;
  };
  const note = (harness: TestHarness, accountId: string, resetMs: number, ageMs: number) =>
    noteExhaustedLimits(
      harness.deps,
      {
        accountId,
        platform: 'x',
        grant: {
          id: 'g',
          credentialSource: 'oauth',
          refreshFence: 0,
          sealedCredentials: '',
          expiresAtMs: null,
          refreshedAtMs: 0,
        },
      },
      [{ limits: [{ scope: 'account', resetMs }], receivedAt: new Date(Date.now() - ageMs) }],
    );

  test('a window is measured from when the answer came in, and one that is over by now closes nothing', async () => {
    await using harness = await harnessWith();
    const { accountId } = await harness.addAccount();
    await note(harness, accountId, 60_000, 70_000);
    expect(await closedForMs(harness, accountId)).toBeNull();
    await note(harness, accountId, 60_000, 40_000);
    expect(await closedForMs(harness, accountId)).toBeLessThanOrEqual(20_000);
  });

  test('an older answer that is written late does not make the window longer', async () => {
    await using harness = await harnessWith();
    const { accountId } = await harness.addAccount();
    await note(harness, accountId, 60_000, 0);
    await note(harness, accountId, 900_000, 30_000);
    expect(await closedForMs(harness, accountId)).toBeLessThanOrEqual(60_000);
  });

  test('nobody is closed for more than a day', async () => {
    await using harness = await harnessWith();
    const { accountId } = await harness.addAccount();
    await note(harness, accountId, 6 * dayMs, 0);
    expect(await closedForMs(harness, accountId)).toBeLessThanOrEqual(dayMs);
  });
});
