import type { PlatformResponse } from '@vibetribe/platforms/platform-http';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { noteExhaustedLimits } from '../send/note-exhausted-limits.ts';
import { createPublishingEngine, type PublishingEngine } from '../publishing-engine.ts';
import { createGate } from '../testing/create-gate.ts';
import { createTestHarness, type TestHarness, withoutFiles } from '../testing/test-harness.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

afterEach(() =>
  engines.splice(0).reduce((ended, engine) => ended.then(() => engine[Symbol.asyncDispose]()), Promise.resolve()),
);
const engines: PublishingEngine[] = [];

async function harnessWith(limits: { appPostsPerDay?: number } = {}): Promise<TestHarness> {
  return createTestHarness(inject('postgresUrl'), limits);
}

function engineOf(harness: TestHarness, deps: Partial<CoreDependencies> = {}): PublishingEngine {
  const engine = createPublishingEngine(
    { ...harness.deps, ...deps },
    {
      settings: harness.settings,
      owner: 'test',
      media: withoutFiles,
      random: () => 0,
    },
  );
  engines.push(engine);
  return engine;
}

interface Row {
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  waiting_detail: string | null;
  due_in_ms: number | null;
}

async function readAll(harness: TestHarness): Promise<Row[]> {
  return harness.sql<Row>(
    `select status, attempts, retries_used, waiting_reason, waiting_detail,
       extract(epoch from due_at - clock_timestamp())::float8 * 1000 as due_in_ms from publications order by due_at nulls first`,
  );
}

async function addPosts(
  harness: TestHarness,
  account: { organizationId: string; accountId: string },
  count: number,
): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => harness.addPublication({ ...account, text: `Post ${index}` })),
  );
}

const makeDue = (harness: TestHarness) =>
  harness.sql(`update publications set due_at = now() - interval '1 ms' where due_at is not null`);

describe('the limit of an application', () => {
  test('holds for all accounts together: who finds no place waits for the window, in a line of its own, and uses no attempt', async () => {
    await using harness = await harnessWith({ appPostsPerDay: 5 });
    const ids = [
      ...(await addPosts(harness, await harness.addAccount(), 4)),
      ...(await addPosts(harness, await harness.addAccount(), 4)),
    ];
    const engine = engineOf(harness);
    await Promise.all(ids.map((id) => engine.publish(id)));
    await makeDue(harness);
    await harness.sql('update app_limits set last_permit_at = null');
    await Promise.all(ids.map((id) => engine.publish(id)));
    expect(harness.platform.accepted).toHaveLength(5);
    const waiting = (await readAll(harness)).filter(({ status }) => status === 'waiting');
    expect(waiting).toHaveLength(3);
    for (const row of waiting) {
      expect(row).toMatchObject({ waiting_reason: 'rate_limit', attempts: 0, retries_used: 0 });
      expect(row.waiting_detail).toContain('5 posts a day');
    }
    const waits = waiting.map(({ due_in_ms: dueInMs }) => Math.round((dueInMs ?? 0) / hourMs));
    expect(waits).toEqual([24, 29, 34]);
  });

  test('is not passed by two publishers that claim for different accounts at the same moment', async () => {
    await using harness = await harnessWith({ appPostsPerDay: 3 });
    const first = await addPosts(harness, await harness.addAccount(), 3);
    const second = await addPosts(harness, await harness.addAccount(), 3);
    await harness.sql(`insert into app_limits (platform) values ('x')`);
    let atCommit = 0;
    const isAnotherOneStopped = async () => {
      const [row] = await harness.sql<{ blocked: number }>(
        `select count(*)::int as blocked from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return atCommit > 1 || (row?.blocked ?? 0) > 0;
    };
    const failpoints = {
      has: () => true,
      reach: async (name: string) => {
        if (name !== 'claim:before_commit') return;
        atCommit += 1;
        if (atCommit === 1) await expect.poll(isAnotherOneStopped, { timeout: 5_000, interval: 20 }).toBe(true);
      },
    };
    const publishers = [engineOf(harness, { failpoints }), engineOf(harness, { failpoints })] as const;
    await Promise.all([
      ...first.map((id) => publishers[0].publish(id)),
      ...second.map((id) => publishers[1].publish(id)),
    ]);
    expect(harness.platform.accepted).toHaveLength(3);
  });

  test('is counted from the attempts: as sends leave the window, as many go out', async () => {
    await using harness = await harnessWith({ appPostsPerDay: 3 });
    const ids = await addPosts(harness, await harness.addAccount(), 6);
    const publishAll = async () => {
      const engine = engineOf(harness);
      await Promise.all(ids.map((id) => engine.publish(id)));
    };
    await publishAll();
    expect(harness.platform.accepted).toHaveLength(3);
    await makeDue(harness);
    await publishAll();
    expect(harness.platform.accepted).toHaveLength(3);
    await harness.sql(
      `update attempts set started_at = started_at - interval '25 hours' where id in (select id from attempts limit 2)`,
    );
    await makeDue(harness);
    await publishAll();
    expect(harness.platform.accepted).toHaveLength(5);
  });

  test('is counted anew when the operator changes it', async () => {
    await using harness = await harnessWith({ appPostsPerDay: 100 });
    const account = await harness.addAccount();
    const [first = ''] = await addPosts(harness, account, 1);
    await engineOf(harness).publish(first);
    const ids = await addPosts(harness, account, 5);
    const lowered = engineOf(harness, { appPostsPerDay: () => 3 });
    await Promise.all(ids.map((id) => lowered.publish(id)));
    expect(harness.platform.accepted).toHaveLength(3);
  });

  test('is not that of accounts whose credentials the user handed over', async () => {
    await using harness = await harnessWith({ appPostsPerDay: 1 });
    const ids = await addPosts(harness, await harness.addAccount(), 3);
    await harness.sql(`update grants set source = 'manual'`);
    const engine = engineOf(harness);
    await Promise.all(ids.map((id) => engine.publish(id)));
    expect(harness.platform.accepted).toHaveLength(3);
  });

  test('makes nobody wait for anybody where none is set', async () => {
    await using harness = await harnessWith();
    const [id = ''] = await addPosts(harness, await harness.addAccount(), 1);
    await engineOf(harness).publish(id);
    expect(harness.platform.accepted).toHaveLength(1);
    expect(await harness.sql('select 1 from app_limits')).toEqual([]);
  });
});

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
  test('an answer that the last place is gone lets the next post of the account wait for the window, whichever publisher has it', async () => {
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
