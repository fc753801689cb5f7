/**
 * A request to a platform, as the control API tells it: no query, headers or bodies, which may carry credentials.
 * `status` is null while unanswered and for a dropped connection; `fault` names the kind that struck.
 */
export type RequestEntry = {
  id: number;
  at: string;
  platform: string;
  site: string;
  account: string | null;
  method: string;
  path: string;
  status: number | null;
  fault: string | null;
  durationMs: number | null;
};

export type RequestCounts = { requests: number; byStatus: Record<string, number> };
export type UnknownRoute = { platform: string | null; method: string; path: string; count: number };

export type RequestLog = {
  open(entry: Omit<RequestEntry, 'id' | 'status' | 'fault' | 'durationMs'>): RequestEntry;
  answered(entry: RequestEntry, status: number | null, durationMs: number): void;
  unknownRoute(platform: string | null, method: string, path: string): void;
  /** Newest first. */
  latest(matches: (entry: RequestEntry) => boolean, limit: number): RequestEntry[];
  counts(platform: string): RequestCounts;
  unknownRoutes(): UnknownRoute[];
  clear(): void;
};

const entriesMax = 5000;
const unknownRoutesMax = 1000;

/** Keeps the latest entries and the counts of all, in memory. */
export function createRequestLog(): RequestLog {
  let entries: RequestEntry[] = [];
  let lastId = 0;
  const counts = new Map<string, RequestCounts>();
  const unknown = new Map<string, UnknownRoute>();

  const countsOf = (platform: string): RequestCounts => {
    const known = counts.get(platform) ?? { requests: 0, byStatus: {} };
    counts.set(platform, known);
    return known;
  };

  return {
    open(fields) {
      lastId += 1;
      const entry = { ...fields, id: lastId, status: null, fault: null, durationMs: null };
      entries.push(entry);
      if (entries.length > entriesMax * 2) entries = entries.slice(-entriesMax);
      countsOf(fields.platform).requests += 1;
      return entry;
    },
    answered(entry, status, durationMs) {
      entry.status = status;
      entry.durationMs = Math.round(durationMs);
      const { byStatus } = countsOf(entry.platform);
      const key = status === null ? 'dropped' : String(status);
      byStatus[key] = (byStatus[key] ?? 0) + 1;
    },
    unknownRoute(platform, method, path) {
      const key = `${platform} ${method} ${path}`;
      const known = unknown.get(key);
      if (known !== undefined) known.count += 1;
      else if (unknown.size < unknownRoutesMax) unknown.set(key, { platform, method, path, count: 1 });
    },
    latest(matches, limit) {
      const found: RequestEntry[] = [];
      for (let index = entries.length - 1; index >= 0 && found.length < limit; index -= 1) {
        const entry = entries[index];
        if (entry !== undefined && matches(entry)) found.push(entry);
      }
      return found;
    },
    counts: (platform) => countsOf(platform),
    unknownRoutes: () => [...unknown.values()],
    clear() {
      entries = [];
      counts.clear();
      unknown.clear();
    },
  };
}
