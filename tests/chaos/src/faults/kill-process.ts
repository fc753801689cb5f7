import type { FaultKind } from './fault.ts';

/** kill -9, whatever it is doing; started again after up to 2 s. */
export const killProcess: FaultKind = {
  name: 'kill -9',
  lane: 'process',
  weight: 4,
  plan({ takeSlot, random }) {
    const taken = takeSlot(['publisher', 'publisher', 'api', 'cron']);
    if (taken === null) return null;
    const downMs = random.between(0, 2_000);
    return {
      target: taken.slot.name,
      async run() {
        using held = taken;
        await held.slot.replace({ signal: 'SIGKILL', downMs });
      },
    };
  },
};
