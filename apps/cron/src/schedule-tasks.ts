import type { Logger } from '@vibetribe/observability/logger';
import { startLoop } from '@vibetribe/resilience/loop';
import { schedule as scheduleCron } from 'node-cron';
import type { Schedule } from './schedule.ts';

export interface ScheduledRun {
  readonly name: string;
  readonly schedule: Schedule;
  /** `slot`: the time it was due by the schedule and the database's clock, the same in every process; or it was asked for by hand. */
  run(slot: Date | 'requested', signal: AbortSignal): Promise<void>;
}

export interface ScheduleOptions {
  readonly tasks: readonly ScheduledRun[];
  /** The database's clock: this machine's own may be wrong by any amount. */
  readonly readTime: () => Promise<Date>;
  /** Which of these slots nobody has run. */
  readonly findOpen: (slots: readonly { readonly task: string; readonly slot: Date }[]) => Promise<ReadonlySet<string>>;
  /** Which tasks somebody asked for by hand. */
  readonly findRequested: () => Promise<ReadonlySet<string>>;
  readonly logger: Logger;
  /** How often what was missed, cut off or failed is looked for. Default a minute; the first time at once. */
  readonly lookIntervalMs?: number;
}

export interface ScheduledTasks extends AsyncDisposable {
  /** Looks now for what was missed or asked for. */
  wake(): void;
}

const lookIntervalMsDefault = 60_000;
/** A clock that is no further off than this is right. */
const clockToleranceMs = 5_000;

/**
 * Runs each task at its times, and besides looks for slots that were missed. A task that still runs when its next time comes is left out.
 * Disposing aborts what runs, and waits for its end.
 */
export function scheduleTasks(options: ScheduleOptions): ScheduledTasks {
  const { tasks, readTime, findOpen, findRequested, logger } = options;
  const closing = new AbortController();
  const underWay = new Map<string, Promise<void>>();

  const start = (task: ScheduledRun, slot: () => Promise<Date | 'requested' | null>): Promise<void> => {
    const running = underWay.get(task.name);
    if (running !== undefined || closing.signal.aborted) return running ?? Promise.resolve();
    const turn = (async () => {
      try {
        const due = await slot();
        if (due !== null && !closing.signal.aborted) await task.run(due, closing.signal);
      } catch (error) {
        logger.error({ task: task.name, err: error }, 'a task could not be run');
      } finally {
        underWay.delete(task.name);
      }
    })();
    underWay.set(task.name, turn);
    return turn;
  };

  /** The slot that was meant, where the clocks agree; else the last one by the database's clock. */
  const slotAt = async (task: ScheduledRun, localSlot: Date): Promise<Date | null> => {
    const now = await readTime();
    const isRight = Math.abs(now.getTime() - localSlot.getTime()) <= clockToleranceMs;
    return isRight ? localSlot : task.schedule.slotBefore(now);
  };

  const look = async () => {
    const now = await readTime();
    const slots = tasks.flatMap((task) => {
      const slot = task.schedule.slotBefore(now);
      return slot === null ? [] : [{ task: task.name, slot }];
    });
    const open = await findOpen(slots);
    for (const { task: name, slot } of slots) {
      const task = tasks.find((candidate) => candidate.name === name);
      if (open.has(name) && task !== undefined) void start(task, async () => slot);
    }
    const requested = await findRequested();
    for (const task of tasks) if (requested.has(task.name)) void start(task, async () => 'requested');
  };

  const scheduled = tasks.map((task) =>
    scheduleCron(task.schedule.expression, ({ date }) => start(task, () => slotAt(task, wholeSeconds(date))), {
      name: task.name,
      timezone: 'UTC',
      noOverlap: true,
      // What was slept through is looked for.
      suppressMissedWarning: true,
      logger: cronLogger(logger.child({ task: task.name })),
    }),
  );
  const looking = startLoop({
    name: 'cron look',
    intervalMs: options.lookIntervalMs ?? lookIntervalMsDefault,
    runOnce: look,
    onError: (error) => logger.error({ err: error }, 'missed tasks could not be looked for'),
  });

  return {
    wake: () => looking.wake(),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the process is ending'));
      for (const task of scheduled) await task.destroy();
      await looking[Symbol.asyncDispose]();
      await Promise.all(underWay.values());
    },
  };
}

/** Schedules have whole seconds. */
function wholeSeconds(date: Date): Date {
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
