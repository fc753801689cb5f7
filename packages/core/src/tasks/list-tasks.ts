import type { Task } from '@vibetribe/contracts/task';
import type { Transaction } from '@vibetribe/db/connect-database';
import { cronRuns } from '@vibetribe/db/schema/service';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { type CronTask, cronTasks, deadlineMsOf } from './cron-tasks.ts';
import { readDatabaseTime } from './find-open-slots.ts';

type Run = typeof cronRuns.$inferSelect;

/** Every task, with what cron has made of it. @throws DomainError `forbidden` */
export async function listTasks(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<Task[]> {
  requireRight(actor, 'service:manage');
  const [now, runs] = await Promise.all([readDatabaseTime(deps.db), deps.db.asWorker(readRuns)]);
  return cronTasks.map((task) =>
    presentTask(
      task,
      runs.find((run) => run.task === task.name),
      now,
    ),
  );
}

function readRuns(tx: Transaction): Promise<Run[]> {
  return tx.select().from(cronRuns);
}

export function presentTask(task: CronTask, run: Run | undefined, now: Date): Task {
  const { overdueAt = null } = run ?? {};
  return {
    name: task.name,
    schedule: run?.schedule ?? task.schedule,
    deadlineSeconds: deadlineMsOf(task) / 1_000,
    lastSlot: isoOf(run?.lastSlot),
    startedAt: isoOf(run?.startedAt),
    finishedAt: isoOf(run?.finishedAt),
    succeededAt: isoOf(run?.succeededAt),
    outcome: outcomeOf(run),
    failures: run?.failures ?? 0,
    overdueAt: isoOf(overdueAt),
    isOverdue: overdueAt !== null && overdueAt < now,
    requestedAt: isoOf(run?.requestedAt),
    detail: isRecord(run?.detail) ? run.detail : null,
  };
}

function outcomeOf(run: Run | undefined): Task['outcome'] {
  if (run === undefined || run.startedAt === null) return null;
  if (run.finishedAt === null) return 'running';
  return run.outcome === 'done' ? 'done' : 'failed';
}

function isoOf(at: Date | null | undefined): string | null {
  return at?.toISOString() ?? null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
