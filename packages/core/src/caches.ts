import type { Clock } from '@vibetribe/resilience/clock';
import { createLoadingCache, type LoadingCache } from './loading-cache.ts';

export interface CacheOptions<Value> {
  readonly entriesMax: number;
  /** How long a value is true at most. */
  readonly lifeMsOf?: (value: Value) => number;
  /** An upper bound: the service's own time to live counts where it is shorter. */
  readonly ttlMsMax?: number;
}

/** The caches of a process, by name: each counted, none older than the service allows. */
export interface Caches {
  open<Value>(name: string, options: CacheOptions<Value>): LoadingCache<Value>;
}

/** @param onLookUp told of each look-up in each cache */
export function createCaches({
  clock,
  defaultTtlMs,
  onLookUp,
}: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly defaultTtlMs: number;
  readonly onLookUp?: (lookUp: { readonly cache: string; readonly result: 'hit' | 'miss' }) => void;
}): Caches {
  return {
    open: (cache, { entriesMax, lifeMsOf, ttlMsMax = Number.POSITIVE_INFINITY }) =>
      createLoadingCache({
        clock,
        entriesMax,
        lifeMsOf,
        ttlMs: Math.min(defaultTtlMs, ttlMsMax),
        onLookUp: (result) => onLookUp?.({ cache, result }),
      }),
  };
}
