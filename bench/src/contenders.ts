import type { Servers } from './servers.ts';

/** One way to publish a batch of posts. */
export interface Contender {
  readonly name: string;
  /** Queues `count` posts due in `dueInMs`, all at once or spread evenly over `spreadMs`, and runs until every one is accepted. */
  run(servers: Servers, load: Load): Promise<Result>;
}

export interface Load {
  readonly count: number;
  readonly dueInMs: number;
  readonly spreadMs: number;
  readonly concurrency: number;
}

export interface Result {
  /** From the first moment something was due to the last acceptance. */
  readonly durationMs: number;
  /** How long after its time each post was accepted, sorted. */
  readonly latenessMs: readonly number[];
}

/** Collects acceptances and resolves when all are there. */
export function createTally(count: number, startsAtMs: number) {
  const latenessMs: number[] = [];
  const done = Promise.withResolvers<void>();
  return {
    accepted(dueAtMs: number) {
      latenessMs.push(Math.max(0, Date.now() - dueAtMs));
      if (latenessMs.length === count) done.resolve();
    },
    async result(): Promise<Result> {
      await done.promise;
      const durationMs = Date.now() - startsAtMs;
      return { durationMs, latenessMs: latenessMs.toSorted((left, right) => left - right) };
    },
  };
}

export function dueAtOf(load: Load, index: number, nowMs: number): number {
  return nowMs + load.dueInMs + Math.round((load.spreadMs * index) / Math.max(1, load.count));
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
