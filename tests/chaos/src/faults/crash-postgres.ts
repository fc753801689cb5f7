import type { FaultKind } from './fault.ts';

/** Immediate shutdown of PostgreSQL amid everything, recovery, and a restart after up to 1.5 s. */
export const crashPostgres: FaultKind = {
  name: 'PostgreSQL crash',
  lane: 'store',
  weight: 1,
  plan({ system, random }) {
    const downMs = random.between(0, 1_500);
    return { target: `down for ${downMs} ms`, run: () => system.postgres.crash(downMs) };
  },
};
