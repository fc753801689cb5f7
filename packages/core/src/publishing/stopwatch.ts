import type { Clock } from '@vibetribe/resilience/clock';

/** How long each stage of one run took, for its log line. A stage that comes twice counts together. */
export interface Stopwatch {
  time<Result>(stage: string, work: () => Promise<Result>): Promise<Result>;
  /** Whole ms by stage, in the order in which they ended. */
  durations(): Readonly<Record<string, number>>;
}

export function createStopwatch(clock: Pick<Clock, 'monotonicMs'>): Stopwatch {
  const spentMs = new Map<string, number>();
  return {
    async time(stage, work) {
      const startedAtMs = clock.monotonicMs();
      try {
        return await work();
      } finally {
        spentMs.set(stage, (spentMs.get(stage) ?? 0) + clock.monotonicMs() - startedAtMs);
      }
    },
    durations: () => Object.fromEntries([...spentMs].map(([stage, ms]) => [stage, Math.round(ms)])),
  };
}
