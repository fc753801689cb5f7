import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import { sql } from 'drizzle-orm';

/** What a task reports: counts and names for an operator, no secrets. */
export type TaskDetail = Readonly<Record<string, unknown>>;

/** `skipped`: another process has this slot, or is still at work on an earlier one. */
export type TaskRun =
  | { readonly kind: 'done'; readonly detail: TaskDetail }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'skipped'; readonly because: 'running' | 'slot_taken' };

/**
 * Runs a task for one slot of its schedule, in one of all processes: an advisory lock keeps two from running at the same time, and the slot
 * is taken by a conditional update. A slot whose process died before its end may be taken again by whoever still comes for it.
 * @param slot null: run by hand, whatever ran before, but not beside another run
 */
export async function runTaskOnce(
  deps: { readonly db: Database; readonly logger: Logger },
  { task, slot }: { readonly task: string; readonly slot: Date | null },
  run: () => Promise<TaskDetail>,
): Promise<TaskRun> {
  await using lock = await tryLock(deps.db, task);
  if (!lock.isHeld) return { kind: 'skipped', because: 'running' };
  if (!(await takeSlot(deps.db, task, slot))) return { kind: 'skipped', because: 'slot_taken' };
  try {
    const detail = await run();
    await recordEnd(deps.db, task, 'done', detail);
    deps.logger.info({ task, detail }, 'task done');
    return { kind: 'done', detail };
  } catch (error) {
    deps.logger.error({ task, err: error }, 'task failed');
    await recordEnd(deps.db, task, 'failed', {});
    return { kind: 'failed', error };
  }
}

/** The lock belongs to the connection: it ends with the process, however that ends. */
async function tryLock(db: Database, task: string): Promise<AsyncDisposable & { isHeld: boolean }> {
  const client = await db.pool.connect();
  // A lost connection is seen by the next statement; without a listener it would end the process.
  const ignore = () => undefined;
  client.on('error', ignore);
  const release = (error?: Error) => {
    client.off('error', ignore);
    client.release(error);
  };
  try {
    const key = `vibetribe cron ${task}`;
    const { rows } = await client.query<{ held: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
      [key],
    );
    const isHeld = rows[0]?.held === true;
    return {
      isHeld,
      async [Symbol.asyncDispose]() {
        try {
          if (isHeld) await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [key]);
          release();
        } catch (error) {
          release(error instanceof Error ? error : new Error('the lock could not be given back', { cause: error }));
        }
      },
    };
  } catch (error) {
    release(error instanceof Error ? error : new Error('the lock could not be asked for', { cause: error }));
    throw error;
  }
}

async function takeSlot(db: Database, task: string, slot: Date | null): Promise<boolean> {
  const slotAt = slot === null ? null : slot.toISOString();
  const { rowCount } = await db.asWorker((tx) =>
    tx.execute(sql`
      insert into cron_runs as c (task, last_slot, started_at) values (${task}, ${slotAt}::timestamptz, clock_timestamp())
      on conflict (task) do update set last_slot = coalesce(excluded.last_slot, c.last_slot), started_at = excluded.started_at,
        finished_at = null, outcome = null, detail = null
      where excluded.last_slot is null or c.last_slot is null or c.last_slot < excluded.last_slot
        or (c.last_slot = excluded.last_slot and c.finished_at is null)`),
  );
  return rowCount === 1;
}

async function recordEnd(db: Database, task: string, outcome: 'done' | 'failed', detail: TaskDetail): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update cron_runs set finished_at = clock_timestamp(), outcome = ${outcome}, detail = ${JSON.stringify(detail)}::jsonb
      where task = ${task}`),
  );
}
