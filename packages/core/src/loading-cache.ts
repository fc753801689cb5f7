import type { Clock } from '@vibetribe/resilience/clock';
import { LRUCache } from 'lru-cache';

export interface LoadingCache<Value> {
  /** The value whose loading for this key began within the time to live, else a new load. Concurrent callers share one load; a failed one is not kept. */
  get(key: string, load: () => Promise<Value>): Promise<Value>;
  /** Later calls load again, even while an older load is still under way. */
  forget(key: string): void;
  forgetAll(): void;
}

export interface LoadingCacheOptions<Value> {
  /** How old a value may become in a process that is not told to forget it; 0: nothing is kept. */
  readonly ttlMs: number;
  readonly entriesMax: number;
  /** How long a value that was just loaded is true at most, where that is shorter. */
  readonly lifeMsOf?: ((value: Value) => number) | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of each look-up. */
  readonly onLookUp?: ((result: 'hit' | 'miss') => void) | undefined;
}

export function createLoadingCache<Value>({
  ttlMs,
  entriesMax,
  clock,
  lifeMsOf = () => Number.POSITIVE_INFINITY,
  onLookUp = () => undefined,
}: LoadingCacheOptions<Value>): LoadingCache<Value> {
  const entries = new LRUCache<string, { readonly value: Value }, () => Promise<Value>>({
    max: entriesMax,
    ttl: ttlMs,
    ttlResolution: 0,
    // The library takes a time of 0 as no limit.
    perf: { now: () => clock.monotonicMs() + 1 },
    // Callers that wait while the key is forgotten still get their value; the cache does not keep it.
    ignoreFetchAbort: true,
    async fetchMethod(_key, _stale, { context: load, options }) {
      const startedAtMs = clock.monotonicMs();
      const value = await load();
      // The library keeps a value for one moment longer than its time.
      options.ttl = Math.max(1, Math.min(ttlMs, lifeMsOf(value)) - 1 - (clock.monotonicMs() - startedAtMs));
      return { value };
    },
  });

  return {
    async get(key, load) {
      if (ttlMs === 0) return load();
      let result: 'hit' | 'miss' = 'hit';
      const context = () => {
        result = 'miss';
        return load();
      };
      try {
        const entry = await entries.fetch(key, { context });
        return entry === undefined ? await context() : entry.value;
      } finally {
        onLookUp(result);
      }
    },
    forget: (key) => void entries.delete(key),
    forgetAll: () => entries.clear(),
  };
}
