import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './fault.ts';

/** The disk that PostgreSQL writes to is full for a while. It may end then, as it does, and is started again. */
export const fillDisk: FaultKind = {
  name: 'disk full',
  lane: 'store',
  weight: 1,
  plan({ system: { postgres }, random }) {
    if (!postgres.hasOwnDisk) return null;
    const fullMs = random.between(500, 4_000);
    return {
      target: `for ${fullMs} ms`,
      async run() {
        const full = await postgres.fillDisk();
        await delay(fullMs);
        await full.end();
      },
    };
  },
};
