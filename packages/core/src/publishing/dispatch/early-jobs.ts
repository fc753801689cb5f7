import type { CoreDependencies } from '../../core-dependencies.ts';

/** Keeps jobs that came before their time, by the database's clock, without keeping a worker's place. */
export interface EarlyJobs extends AsyncDisposable {
  wait(publicationId: string, dueInMs: number): void;
}

/** If the process ends before the time has come nothing is lost: `enqueued_until` passes and another publisher gets a job. */
export function createEarlyJobs(
  publish: (publicationId: string) => Promise<void>,
  logger: Pick<CoreDependencies['logger'], 'warn'>,
): EarlyJobs {
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  const start = (publicationId: string) => {
    timers.delete(publicationId);
    const run = publish(publicationId)
      .catch((error: unknown) =>
        logger.warn({ err: error, publicationId }, 'an early job failed; the sweeper takes it up'),
      )
      .finally(() => running.delete(run));
    running.add(run);
  };
  return {
    wait(publicationId, dueInMs) {
      if (timers.has(publicationId)) return;
      timers.set(
        publicationId,
        setTimeout(() => start(publicationId), Math.max(1, Math.ceil(dueInMs))),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(running);
    },
  };
}
