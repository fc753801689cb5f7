import type { Clock } from '@vibetribe/resilience/clock';

/** Keeps in mind since when committed events have been waiting for one who writes events, and how soon to look again. */
export interface HeldUpWatch {
  /** Some still wait: in how many ms to look again, and whether it is time to tell somebody. */
  heldUp(): { readonly lookInMs: number; readonly isWorthTelling: boolean };
  /** None wait, or some of those that waited could be read. */
  cleared(): void;
  heldUpForMs(): number;
}

const firstLookMs = 10;
const toldAfterMs = 5_000;
const toldEveryMs = 30_000;

/** Each look without news waits twice as long as the one before, at most `lookMaxMs`. */
export function createHeldUpWatch(clock: Pick<Clock, 'monotonicMs'>, lookMaxMs: number): HeldUpWatch {
  let sinceMs: number | null = null;
  let toldAtMs = -Infinity;
  let lookInMs = firstLookMs;

  const heldUpForMs = () => (sinceMs === null ? 0 : clock.monotonicMs() - sinceMs);
  const cleared = () => {
    sinceMs = null;
    lookInMs = firstLookMs;
  };

  return {
    heldUp() {
      sinceMs ??= clock.monotonicMs();
      const isWorthTelling = heldUpForMs() >= toldAfterMs && clock.monotonicMs() - toldAtMs >= toldEveryMs;
      if (isWorthTelling) toldAtMs = clock.monotonicMs();
      const next = { lookInMs, isWorthTelling };
      lookInMs = Math.min(lookMaxMs, lookInMs * 2);
      return next;
    },
    cleared,
    heldUpForMs,
  };
}
