/** So many in so long. */
export interface Bound {
  readonly limit: number;
  readonly windowMs: number;
}

/** When the last of these goes out, where each waits for its own time and for its place. Times are ms, oldest first. */
export function lastOutAtMs(dueMs: readonly number[], { limit, windowMs }: Bound): number {
  const out: number[] = [];
  for (const due of dueMs) {
    const placeMs = out.at(-limit);
    out.push(placeMs === undefined || out.length < limit ? due : Math.max(due, placeMs + windowMs));
  }
  return out.at(-1) ?? 0;
}
