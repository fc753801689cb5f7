import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AccountsHarness, createAccountsHarness } from '../accounts/test-accounts.ts';
import { findOpenSlots, findRequested } from './find-open-slots.ts';
import { runTaskOnce, type TaskDetail, type TaskSlot } from './run-task-once.ts';
import { createTaskLocks, type TaskLocks } from './task-locks.ts';

let harness: AccountsHarness;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

describe('a task and its slots', () => {
  const slot = new Date('2026-01-22T10:00:00Z');
  const next = new Date('2026-01-22T11:00:00Z');
  const never = new AbortController().signal;
  const opened = new AsyncDisposableStack();
  let processes: TaskLocks[];
  beforeAll(() => {
    const open = () =>
      opened.use(createTaskLocks({ databaseUrl: harness.place.databaseUrl, applicationName: 'locks-under-test' }));
    processes = [open(), open()];
  });
  afterAll(() => opened.disposeAsync());
  const run = (
    taken: TaskSlot,
    work: (signal: AbortSignal) => Promise<TaskDetail>,
    { process = 0, signal = never }: { process?: number; signal?: AbortSignal } = {},
  ) => {
    const locks = processes[process] ?? processes[0];
    if (locks === undefined) throw new Error('no such process');
    return runTaskOnce({ ...harness.core, locks }, taken, work, signal);
  };

  test('each slot runs once, whoever comes and in whatever order', async () => {
    let runs = 0;
    const come = (at: Date, process: number) =>
      run({ task: 'slots', slot: at }, async () => ({ runs: (runs += 1) }), { process });
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => come(slot, index % 2)));
    expect(runs).toBe(1);
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1);
    expect(await come(slot, 0)).toEqual({ kind: 'skipped', because: 'slot_taken' });
    expect(await come(next, 1)).toEqual({ kind: 'done', detail: { runs: 2 } });
    expect(await come(slot, 0)).toEqual({ kind: 'skipped', because: 'slot_taken' });
    expect(await harness.sql(`select outcome, detail from cron_runs where task = 'slots'`)).toEqual([
      { outcome: 'done', detail: { runs: 2 } },
    ]);
  });

  test('a run that is under way is not joined by a later slot, nor by hand, in this process or another', async () => {
    const gate = Promise.withResolvers<void>();
    const first = run({ task: 'long', slot }, () => gate.promise.then(() => ({})));
    await expect.poll(() => harness.sql(`select 1 from cron_runs where task = 'long'`)).toHaveLength(1);
    for (const process of [0, 1]) {
      for (const at of [next, null]) {
        expect(await run({ task: 'long', slot: at }, async () => ({}), { process })).toEqual({
          kind: 'skipped',
          because: 'running',
        });
      }
    }
    gate.resolve();
    expect(await first).toMatchObject({ kind: 'done' });
    expect(await run({ task: 'long', slot: next }, async () => ({}), { process: 1 })).toMatchObject({ kind: 'done' });
  });

  test('a failure is recorded, is tried again after a while that grows, and does not spoil the next slot', async () => {
    const failing = () => Promise.reject(new Error('broken'));
    const openSlots = () => findOpenSlots(harness.core.db, [{ task: 'fails', slot }]);
    const age = (minutes: number) =>
      harness.sql(`update cron_runs set finished_at = now() - make_interval(mins => $1) where task = 'fails'`, [
        minutes,
      ]);
    expect(await run({ task: 'fails', slot }, failing)).toMatchObject({ kind: 'failed' });
    expect((await openSlots()).size).toBe(0);
    expect(await run({ task: 'fails', slot }, failing)).toMatchObject({ kind: 'skipped' });
    await age(1);
    expect((await openSlots()).size).toBe(1);
    expect(await run({ task: 'fails', slot }, failing, { process: 1 })).toMatchObject({ kind: 'failed' });
    await age(1);
    expect((await openSlots()).size).toBe(0);
    await age(2);
    expect((await openSlots()).size).toBe(1);
    expect(await harness.sql(`select outcome, failures from cron_runs where task = 'fails'`)).toEqual([
      { outcome: 'failed', failures: 2 },
    ]);
    expect(await run({ task: 'fails', slot: next }, async () => ({ found: 3 }))).toMatchObject({ kind: 'done' });
    const recorded = () => harness.sql(`select outcome, failures, detail from cron_runs where task = 'fails'`);
    const detail = { found: 3 };
    expect(await recorded()).toEqual([{ outcome: 'done', failures: 0, detail }]);
    // What the last run that succeeded has counted is told while another one runs, and when that has failed.
    const failingLater = async () => {
      expect(await recorded()).toEqual([{ outcome: null, failures: 0, detail }]);
      throw new Error('broken');
    };
    await run({ task: 'fails', slot: null }, failingLater);
    expect(await recorded()).toEqual([{ outcome: 'failed', failures: 1, detail }]);
  });

  test('a slot that a clock far ahead took stops nobody', async () => {
    await harness.sql(
      `insert into cron_runs (task, last_slot, started_at, finished_at, outcome)
       values ('ahead', now() + interval '1 year', now(), now(), 'done')`,
    );
    expect(await findOpenSlots(harness.core.db, [{ task: 'ahead', slot }])).toEqual(new Set(['ahead']));
    expect(await run({ task: 'ahead', slot }, async () => ({}))).toMatchObject({ kind: 'done' });
    expect(await run({ task: 'ahead', slot }, async () => ({}))).toMatchObject({ kind: 'skipped' });
    expect(await run({ task: 'ahead', slot: next }, async () => ({}))).toMatchObject({ kind: 'done' });
  });

  test('a slot whose process died may be taken again; by hand a task runs at any time', async () => {
    await harness.sql(`insert into cron_runs (task, last_slot, started_at) values ('died', $1, now())`, [slot]);
    expect(await run({ task: 'died', slot }, async () => ({}))).toMatchObject({ kind: 'done' });
    expect(await run({ task: 'died', slot: null }, async () => ({}))).toMatchObject({ kind: 'done' });
    expect(await run({ task: 'died', slot }, async () => ({}))).toMatchObject({ kind: 'skipped' });
  });

  test('a run that is told to stop leaves its slot to another process', async () => {
    const stopping = new AbortController();
    const stopped = run(
      { task: 'stops', slot },
      async (signal) => {
        stopping.abort();
        await new Promise((resolve) => (signal.aborted ? resolve(null) : signal.addEventListener('abort', resolve)));
        return { half: true };
      },
      { signal: stopping.signal },
    );
    expect(await stopped).toEqual({ kind: 'stopped' });
    expect(await run({ task: 'stops', slot }, async () => ({}), { process: 1 })).toMatchObject({ kind: 'done' });
  });

  test('a run that was asked for by hand is run once, whoever comes, and asks for nothing when nobody did', async () => {
    const come = (process: number) => run({ task: 'asked', slot: 'requested' }, async () => ({}), { process });
    await harness.sql(
      `insert into cron_runs (task, last_slot, finished_at, outcome) values ('asked', $1, now(), 'done')`,
      [slot],
    );
    expect(await come(0)).toEqual({ kind: 'skipped', because: 'slot_taken' });
    await harness.sql(`update cron_runs set requested_at = now() where task = 'asked'`);
    expect(await findRequested(harness.core.db)).toEqual(new Set(['asked']));
    expect(await come(0)).toMatchObject({ kind: 'done' });
    expect(await come(1)).toEqual({ kind: 'skipped', because: 'slot_taken' });
    expect((await findRequested(harness.core.db)).size).toBe(0);
    expect(await harness.sql(`select last_slot from cron_runs where task = 'asked'`)).toEqual([{ last_slot: slot }]);
  });

  test('a run that passes its deadline is told to stop, has failed, and gives its lock back', async () => {
    let reason: unknown;
    const late = await run({ task: 'late', slot, deadlineMs: 20 }, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      reason = signal.reason;
      return {};
    });
    expect(late).toMatchObject({ kind: 'failed', error: { name: 'TaskDeadlineError' } });
    expect(reason).toMatchObject({ name: 'TaskDeadlineError' });
    expect(await harness.sql(`select outcome, failures from cron_runs where task = 'late'`)).toEqual([
      { outcome: 'failed', failures: 1 },
    ]);
    expect(await run({ task: 'late', slot: next }, async () => ({}), { process: 1 })).toMatchObject({ kind: 'done' });
  });

  test('a run whose lock is lost is told to stop, as another process may have begun', async () => {
    const begun = Promise.withResolvers<void>();
    const running = run({ task: 'loses', slot }, async (signal) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return {};
    });
    await begun.promise;
    await harness.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'locks-under-test' and datname = current_database()`,
    );
    expect(await running).toEqual({ kind: 'stopped' });
    expect(await run({ task: 'loses', slot }, async () => ({}))).toMatchObject({ kind: 'done' });
  });
});
