import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './fault.ts';

/** SIGSTOP, and SIGCONT up to a minute later: the process wakes up with claims that are no longer its own. */
export const freezeProcess: FaultKind = {
  name: 'freeze',
  lane: 'process',
  weight: 4,
  plan({ takeSlot, random, freezeMaxMs }) {
    const taken = takeSlot(['publisher', 'publisher', 'publisher', 'api', 'cron']);
    if (taken === null) return null;
    // Half of them around the lease, where it matters most.
    const frozenMs = random.chance(0.5) ? random.between(3_000, 9_000) : random.between(100, freezeMaxMs);
    return {
      target: `${taken.slot.name} for ${frozenMs} ms`,
      async run() {
        using held = taken;
        held.slot.signal('SIGSTOP');
        try {
          await delay(frozenMs);
        } finally {
          held.slot.signal('SIGCONT');
        }
      },
    };
  },
};
