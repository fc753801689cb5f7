import { describe, expect, test } from 'vitest';
import { hourMs, harnessWith, engineOf, readAll, addPosts, makeDue } from '../testing/test-limits.ts';

describe('the limit of an application', () => {
  test('holds for all accounts together: who finds no permit waits for the window, in a line of its own, and uses no attempt', async () => {
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
