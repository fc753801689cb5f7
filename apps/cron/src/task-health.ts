import type { TaskState } from '@vibetribe/core/tasks/find-open-slots';
import type { Schedule } from './schedule.ts';

export interface TaskHealth {
  readonly name: string;
  readonly lastSlot: string | null;
  readonly succeededAt: string | null;
  /** It has not succeeded for two of its times. */
  readonly isOverdue: boolean;
  /** How long ago the first of its times was that it has not succeeded for. */
  readonly lagSeconds: number;
}

/** What was missed while no process ran is caught up before it is told of. */
const catchUpMs = 5 * 60_000;
/** A run takes its time, and so does a retry. */
const overdueGraceMs = 2 * 60_000;

/** When a task that has succeeded for a slot is overdue: two times later. */
export function overdueAfter(schedule: Schedule, slot: Date): Date | null {
  const next = schedule.slotAfter(slot);
  const second = next === null ? null : schedule.slotAfter(next);
  return second === null ? null : new Date(second.getTime() + overdueGraceMs);
}

/** @param startedAt when this process did, by the database's clock */
export function taskHealth(
  tasks: readonly { readonly name: string; readonly schedule: Schedule }[],
  states: readonly TaskState[],
  { now, startedAt }: { readonly now: Date; readonly startedAt: Date },
): TaskHealth[] {
  return tasks.map(({ name, schedule }) => {
    const state = states.find(({ task }) => task === name);
    const overdueAt = state?.overdueAt ?? overdueAfter(schedule, startedAt);
    const missed = schedule.slotAfter(state?.succeededAt ?? startedAt);
    const hasCaughtUp = now.getTime() - startedAt.getTime() > catchUpMs;
    return {
      name,
      lastSlot: state?.lastSlot?.toISOString() ?? null,
      succeededAt: state?.succeededAt?.toISOString() ?? null,
      lagSeconds: missed === null ? 0 : Math.max(0, (now.getTime() - missed.getTime()) / 1_000),
      isOverdue: hasCaughtUp && overdueAt !== null && overdueAt < now,
    };
  });
}
