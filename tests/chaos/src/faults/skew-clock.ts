import { skewedClock } from '../find-faketime-library.ts';
import type { FaultKind } from './fault.ts';

/** Puts a publisher or cron in the place of another whose clock is 90 s off, fast or slow; it stays so until it ends. */
export const skewClock: FaultKind = {
  name: 'clock 90 s off',
  lane: 'process',
  weight: 2,
  plan({ takeSlot, random, faketimeLibrary }) {
    if (faketimeLibrary === null) return null;
    const taken = takeSlot(['publisher', 'publisher', 'cron']);
    if (taken === null) return null;
    const offsetSeconds = random.chance(0.5) ? 90 : -90;
    return {
      target: `${taken.slot.name} by ${offsetSeconds} s`,
      async run() {
        using held = taken;
        await held.slot.replace({ signal: 'SIGKILL', env: skewedClock(faketimeLibrary, offsetSeconds) });
      },
    };
  },
};
