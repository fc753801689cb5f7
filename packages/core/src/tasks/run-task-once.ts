import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import { sql } from 'drizzle-orm';
import type { TaskLocks } from './task-locks.ts';

/** What a task reports: counts and names for an operator, no secrets. */
export type TaskDetail = Readonly<Record<string, unknown>>;

/**
 * `skipped`: another process has this slot, or is still at work on an earlier one, or the slot is not there yet by the database's clock.
 * `stopped`: told to end before it was done; whoever comes next for the slot goes on.
 */
export type TaskRun =
  | { readonly kind: 'done'; readonly detail: TaskDetail }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'skipped'; readonly because: 'running' | 'slot_taken' };

export interface TaskSlot {
  readonly task: string;
  /**
   * When it was due by its schedule and the database's clock; null: run by hand, whatever ran before, but not beside another run.
   * `requested`: the same, if it was asked for and has not begun since.
   */
  readonly slot: Date | null | 'requested';
  /** When health is to tell of it unless it has succeeded again by then; null leaves it as it is. */
  readonly overdueAt?: Date | null;
  /** It may take this long, ms; then it is told to stop, and has failed. */
  readonly deadlineMs?: number;
}

/** How long a task that was told to stop is waited for; its lock is given back then, whatever it does. */
const stopGraceMs = 60_000;

export class TaskDeadlineError extends Error {
  override readonly name = 'TaskDeadlineError';
}

export interface TaskRunDependencies {
  readonly db: Database;
  readonly logger: Logger;
  readonly locks: TaskLocks;
}

/** A recorded slot that lies further ahead of the database's clock than this came from a wrong clock, and is ignored. */
const clockTolerance = sql`interval '1 minute'`;
/** How long after a failure it is tried again: a minute, doubled by each further one. */
const retryDelay = sql`make_interval(mins => least(15, power(2, least(c.failures, 10) - 1)::int))`;

/**
 * Whether the row `c` of `cron_runs` leaves the slot to be run. It does where nobody took this slot or a later one, where whoever took it
 * died or was stopped, and where it failed and may be tried again.
 */
export function slotIsOpen(slotAt: ReturnType<typeof sql>) {
  return sql`(c.last_slot is null or c.last_slot < ${slotAt} or c.last_slot > clock_timestamp() + ${clockTolerance}
    or c.last_slot = ${slotAt} and (c.finished_at is null or c.outcome = 'failed' and c.finished_at + ${retryDelay} <= clock_timestamp()))`;
}

/**
 * Runs a task for one slot of its schedule, in one of all processes. A lock keeps two from running at the same time. A conditional update
 * takes the slot. A slot whose process died or was stopped before its end may be taken again, and so may one that failed, after a while.
 * @param signal ends the run: it begins nothing more
 */
export async function runTaskOnce(
  deps: TaskRunDependencies,
  slot: TaskSlot,
  run: (signal: AbortSignal) => Promise<TaskDetail>,
  signal: AbortSignal,
): Promise<TaskRun> {
  const { task } = slot;
  if (signal.aborted) return { kind: 'stopped' };
  await using lock = await deps.locks.tryLock(task);
  if (lock === null) return { kind: 'skipped', because: 'running' };
  if (!(await takeSlot(deps.db, slot))) return { kind: 'skipped', because: 'slot_taken' };
  using deadline = deadlineOf(slot);
  const stop = AbortSignal.any([signal, lock.lost, deadline.told]);
  try {
    const detail = await Promise.race([run(stop), deadline.isOver]);
    if (deadline.told.aborted) throw deadline.told.reason;
    if (stop.aborted) return stopped(deps, task);
    await recordDone(deps.db, slot, detail);
    deps.logger.info({ task, detail }, 'task done');
    return { kind: 'done', detail };
  } catch (error) {
    if (stop.aborted && !deadline.told.aborted) return stopped(deps, task);
    deps.logger.error({ task, err: error }, 'task failed');
    await recordFailed(deps.db, task);
    return { kind: 'failed', error };
  }
}

interface Deadline extends Disposable {
  readonly told: AbortSignal;
  /** Rejects where the task has not ended in time although it was told. */
  readonly isOver: Promise<never>;
}

function deadlineOf({ task, deadlineMs }: TaskSlot): Deadline {
  const telling = new AbortController();
  const { promise: isOver, reject } = Promise.withResolvers<never>();
  isOver.catch(() => undefined);
  if (deadlineMs === undefined) return { told: telling.signal, isOver, [Symbol.dispose]: () => undefined };
  const error = new TaskDeadlineError(`${task} took longer than ${Math.round(deadlineMs / 1000)} s`);
  const told = setTimeout(() => telling.abort(error), deadlineMs);
  const over = setTimeout(() => reject(error), deadlineMs + stopGraceMs);
  return {
    told: telling.signal,
    isOver,
    [Symbol.dispose]() {
      clearTimeout(told);
      clearTimeout(over);
    },
  };
}

/** Its slot stays without an end, as if the process had died. */
function stopped({ logger }: Pick<TaskRunDependencies, 'logger'>, task: string): TaskRun {
  logger.info({ task }, 'task stopped before its end');
  return { kind: 'stopped' };
}

async function takeSlot(db: Database, { task, slot }: TaskSlot): Promise<boolean> {
  const slotAt = sql`${slot instanceof Date ? slot.toISOString() : null}::timestamptz`;
  const isOpen =
    slot === 'requested'
      ? sql`c.requested_at is not null`
      : sql`excluded.last_slot is null or ${slotIsOpen(sql`excluded.last_slot`)}`;
  const { rowCount } = await db.asWorker((tx) =>
    tx.execute(sql`
      insert into cron_runs as c (task, last_slot, started_at) values (${task}, ${slotAt}, clock_timestamp())
      on conflict (task) do update set last_slot = coalesce(excluded.last_slot, c.last_slot), started_at = excluded.started_at,
        failures = case when c.last_slot = excluded.last_slot then c.failures else 0 end,
        finished_at = null, outcome = null, requested_at = null
      where ${isOpen}`),
  );
  return rowCount === 1;
}

async function recordDone(db: Database, { task, overdueAt = null }: TaskSlot, detail: TaskDetail): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update cron_runs set finished_at = clock_timestamp(), outcome = 'done', detail = ${JSON.stringify(detail)}::jsonb, failures = 0,
        succeeded_at = clock_timestamp(), overdue_at = coalesce(${overdueAt?.toISOString() ?? null}::timestamptz, overdue_at)
      where task = ${task}`),
  );
}

async function recordFailed(db: Database, task: string): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update cron_runs set finished_at = clock_timestamp(), outcome = 'failed', failures = failures + 1 where task = ${task}`),
  );
}
