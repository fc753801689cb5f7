import type { Logger } from '@vibetribe/observability/logger';
import { schedule } from 'node-cron';
import type { CronTaskName } from './cron-task-name.ts';

export interface ScheduledRun {
  readonly name: CronTaskName;
  /** Cron expression in UTC, of 5 fields or 6 with seconds. */
  readonly expression: string;
  /** `slot`: the time it was due by the schedule, the same in every process. */
  run(slot: Date): Promise<void>;
}

/** A machine that slept through a task's time still runs it, until its next time: this is longer than any pause between two. */
const latenessMaxMs = 7 * 86_400_000;

/** Runs each task at its times; a task that still runs when its next time comes is left out. Disposing waits for what runs. */
export function scheduleTasks(tasks: readonly ScheduledRun[], logger: Logger): AsyncDisposable {
  const underWay = new Set<Promise<void>>();
  const start = async (task: ScheduledRun, slot: Date) => {
    const turn = task
      .run(slot)
      .catch((error: unknown) => logger.error({ task: task.name, err: error }, 'a task could not be run'));
    underWay.add(turn);
    await turn;
    underWay.delete(turn);
  };
  const scheduled = tasks.map((task) =>
    schedule(task.expression, ({ date }) => start(task, slotOf(date)), {
      name: task.name,
      timezone: 'UTC',
      noOverlap: true,
      missedExecutionTolerance: latenessMaxMs,
      logger: cronLogger(logger.child({ task: task.name })),
    }),
  );
  return {
    async [Symbol.asyncDispose]() {
      for (const task of scheduled) await task.destroy();
      await Promise.all(underWay);
    },
  };
}

/** Schedules have whole seconds. */
function slotOf(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1_000) * 1_000);
}

function cronLogger(logger: Logger) {
  const told = (message: string | Error) => (message instanceof Error ? message.message : message);
  return {
    info: (message: string) => logger.debug(message),
    debug: (message: string | Error) => logger.debug(told(message)),
    warn: (message: string) => logger.warn(message),
    error: (message: string | Error, error?: Error) => logger.error({ err: error ?? message }, told(message)),
  };
}
