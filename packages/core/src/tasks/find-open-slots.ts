import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Database } from '@vibetribe/db/connect-database';
import { cronRuns } from '@vibetribe/db/schema/service';
import { isNotNull, sql } from 'drizzle-orm';
import { slotIsOpen } from './run-task-once.ts';

/** The time that decides, whatever the machine's own clock says. */
export async function readDatabaseTime(db: Pick<Database, 'asWorker'>): Promise<Date> {
  const rows = await db.asWorker(
    (tx) => queryRows(tx, { ms: column.number })`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  return new Date(Number(rows[0]?.ms));
}

/** Of these slots those that nobody has run: missed while nothing ran, cut off, or failed and to be tried again. */
export async function findOpenSlots(
  db: Pick<Database, 'asWorker'>,
  slots: readonly { readonly task: string; readonly slot: Date }[],
): Promise<ReadonlySet<string>> {
  const given = JSON.stringify(slots.map(({ task, slot }) => ({ task, slot: slot.toISOString() })));
  const rows = await db.asWorker(
    (tx) =>
      queryRows(tx, { task: column.text })`
      select g.task from jsonb_to_recordset(${given}::jsonb) as g (task text, slot timestamptz)
      left join cron_runs c on c.task = g.task
      where c.task is null or ${slotIsOpen(sql`g.slot`)}`,
  );
  return new Set(rows.map(({ task }) => task));
}

/** Tasks that somebody asked for by hand and that have not begun since. */
export async function findRequested(db: Pick<Database, 'asWorker'>): Promise<ReadonlySet<string>> {
  const rows = await db.asWorker((tx) =>
    tx.select({ task: cronRuns.task }).from(cronRuns).where(isNotNull(cronRuns.requestedAt)),
  );
  return new Set(rows.map(({ task }) => task));
}

/** Tells everybody who asks under which schedule the tasks run. */
export async function recordSchedules(
  db: Pick<Database, 'asWorker'>,
  schedules: readonly { readonly task: string; readonly schedule: string }[],
): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      insert into cron_runs as c (task, schedule)
      select g.task, g.schedule from jsonb_to_recordset(${JSON.stringify(schedules)}::jsonb) as g (task text, schedule text) order by g.task
      on conflict (task) do update set schedule = excluded.schedule where c.schedule is distinct from excluded.schedule`),
  );
}

export interface TaskState {
  readonly task: string;
  readonly lastSlot: Date | null;
  readonly outcome: string | null;
  readonly succeededAt: Date | null;
  /** After this it should have succeeded again. */
  readonly overdueAt: Date | null;
}

export function readTaskStates(db: Pick<Database, 'asWorker'>): Promise<TaskState[]> {
  const { task, lastSlot, outcome, succeededAt, overdueAt } = cronRuns;
  return db.asWorker((tx) => tx.select({ task, lastSlot, outcome, succeededAt, overdueAt }).from(cronRuns));
}
