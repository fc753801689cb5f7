import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './fault.ts';

/** A backup of some seconds ago is put back under running processes. */
export const restoreBackup: FaultKind = {
  name: 'backup restored',
  lane: 'store',
  weight: 0.4,
  plan({ system, random, rewinds }) {
    if (!rewinds) return null;
    const ageMs = random.between(200, 4_000);
    const downMs = random.between(0, 1_500);
    return {
      target: `of ${ageMs} ms ago, down for ${downMs} ms`,
      async run() {
        const copy = await system.postgres.takeCopy();
        try {
          await delay(ageMs);
          await copy.putBack(downMs);
        } finally {
          await copy.discard();
        }
      },
    };
  },
};

/** A failover to a replica that lags: commits that were acknowledged are gone. */
export const loseCommits: FaultKind = {
  name: 'commits lost',
  lane: 'store',
  weight: 0.4,
  plan({ system, random, rewinds }) {
    if (!rewinds) return null;
    const forMs = random.between(500, 3_000);
    return { target: `of ${forMs} ms at most`, run: () => system.postgres.loseCommits(forMs) };
  },
};
