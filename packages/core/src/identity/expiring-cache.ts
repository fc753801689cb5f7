import type { Clock } from '@vibetribe/resilience/clock';

export interface ExpiringCache<Value> {
  /** The value loaded for this key within the last `ttlMs`, else a new load. Concurrent callers share one load; a failed one is not kept. */
  get(key: string, load: () => Promise<Value>): Promise<Value>;
  /** Later calls load again, even while an older load is still under way. */
  forget(key: string): void;
  forgetAll(): void;
}

/** Holds promises, so that an entry that is forgotten while it loads can never come back. */
export function createExpiringCache<Value>({
  ttlMs,
  entriesMax,
  clock,
}: {
  readonly ttlMs: number;
  readonly entriesMax: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}): ExpiringCache<Value> {
  const entries = new Map<string, { readonly value: Promise<Value>; readonly expiresAtMs: number }>();

  return {
    get(key, load) {
      const found = entries.get(key);
      const nowMs = clock.monotonicMs();
      if (found !== undefined && nowMs < found.expiresAtMs) return found.value;
      entries.delete(key);
      const oldest = entries.keys().next();
      if (entries.size >= entriesMax && !oldest.done) entries.delete(oldest.value);
      const entry = { value: load(), expiresAtMs: nowMs + ttlMs };
      entries.set(key, entry);
      entry.value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry.value;
    },
    forget: (key) => void entries.delete(key),
    forgetAll: () => entries.clear(),
  };
}
