import type { FaultKind } from './fault.ts';

const killAfterMsMax = 600;
/** A drain that lasts longer than its grace is a fault of the product, and shows as a process that was killed late. */
const drainMsMax = 30_000;

/** SIGTERM while sends are under way, as a deployment does. */
export const terminateProcess: FaultKind = {
  name: 'SIGTERM in work',
  lane: 'process',
  weight: 2,
  plan: ({ takeSlot }) => {
    const taken = takeSlot(['publisher', 'publisher', 'api', 'cron']);
    if (taken === null) return null;
    return {
      target: taken.slot.name,
      async run() {
        using held = taken;
        await held.slot.replace({ signal: 'SIGTERM', killAfterMs: drainMsMax });
      },
    };
  },
};

/** SIGTERM, and kill -9 while it drains. */
export const killInDrain: FaultKind = {
  name: 'kill -9 in drain',
  lane: 'process',
  weight: 2,
  plan: ({ takeSlot, random }) => {
    const taken = takeSlot(['publisher']);
    if (taken === null) return null;
    const killAfterMs = random.between(0, killAfterMsMax);
    return {
      target: taken.slot.name,
      async run() {
        using held = taken;
        await held.slot.replace({ signal: 'SIGTERM', killAfterMs });
      },
    };
  },
};
