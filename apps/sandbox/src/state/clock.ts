import { z } from 'zod';
import type { Store } from '../store/store.ts';

/**
 * Two times. `nowMs` can be moved forward by the control API: life times, windows and lags are measured with it.
 * `wallMs` cannot: what clients are told (creation times, reset times) is stamped with it, so that moving the clock
 * ages what the sandbox holds and never makes a client wait for a time that its own clock does not know.
 */
export type Clock = {
  nowMs: () => number;
  wallMs: () => number;
  /** The wall time at which `nowMs` will be `atMs` if nobody moves the clock. */
  toWallMs(atMs: number): number;
  advance(byMs: number): void;
};

export function createClock(store: Store, wallMs: () => number): Clock {
  const offsets = store.table('clock', z.object({ offsetMs: z.number() }));
  const offsetMs = () => offsets.get('offset')?.offsetMs ?? 0;
  return {
    nowMs: () => wallMs() + offsetMs(),
    wallMs,
    toWallMs: (atMs) => atMs - offsetMs(),
    advance: (byMs) => store.commit([offsets.put('offset', { offsetMs: offsetMs() + byMs })]),
  };
}
