import { setTimeout as delay } from 'node:timers/promises';
import { crashPostgres } from './faults/crash-postgres.ts';
import { cutDatabaseConnections } from './faults/cut-database-connections.ts';
import { cutNetwork, resetNetwork } from './faults/cut-network.ts';
import { platformFaults } from './faults/disturb-platform.ts';
import { crashRedis, flushRedis, freezeRedis } from './faults/disturb-redis.ts';
import { standInFaults } from './faults/disturb-stand-in.ts';
import type { FaultContext, FaultKind, TakenSlot } from './faults/fault.ts';
import { fillDisk } from './faults/fill-disk.ts';
import { freezeProcess } from './faults/freeze-process.ts';
import { killProcess } from './faults/kill-process.ts';
import { loseCommits, restoreBackup } from './faults/rewind-postgres.ts';
import { skewClock } from './faults/skew-clock.ts';
import { skewDatabaseClock } from './faults/skew-database-clock.ts';
import { exhaustConnections, lockTable, slowStatements } from './faults/strain-postgres.ts';
import { killInDrain, terminateProcess } from './faults/terminate-process.ts';
import type { FaultRecord } from './history.ts';
import type { ProcessSlot } from './process-slot.ts';

export const faultKinds: readonly FaultKind[] = [
  ...platformFaults,
  ...standInFaults,
  killProcess,
  terminateProcess,
  killInDrain,
  freezeProcess,
  skewClock,
  cutDatabaseConnections,
  crashPostgres,
  skewDatabaseClock,
  restoreBackup,
  loseCommits,
  fillDisk,
  lockTable,
  slowStatements,
  exhaustConnections,
  flushRedis,
  crashRedis,
  freezeRedis,
  cutNetwork,
  resetNetwork,
];

/** Mean pause between the starts of two faults of a lane. */
export type Pauses = Readonly<Record<FaultKind['lane'], number>>;

/**
 * A process that starts costs as much as hundreds of posts, and so do all connections made anew: in a long run as many of these faults a
 * minute as in a short one would leave little that could be disturbed.
 */
export const pausesMs: { readonly short: Pauses; readonly long: Pauses } = {
  short: { platform: 600, process: 3_500, store: 900 },
  long: { platform: 450, process: 7_000, store: 2_700 },
};

/** Stores are struck one at a time, the others as they come. */
const lanes = ['platform', 'process', 'store'] as const;

export interface NemesisOptions {
  readonly pauses: Pauses;
  /** How many faults may have begun by now. */
  readonly allowance: () => number;
  readonly record: (fault: FaultRecord) => void;
}

/** Strikes until aborted; resolves when the last fault is over and healed. */
export async function runNemesis(
  context: Omit<FaultContext, 'takeSlot'>,
  { pauses, allowance, record }: NemesisOptions,
  signal: AbortSignal,
): Promise<void> {
  const busy = new Set<ProcessSlot>();
  const takeSlot = (apps: readonly string[]) => takeFreeSlot(context, busy, apps);
  const underWay = new Set<Promise<void>>();
  let begun = 0;

  const strike = (lane: FaultKind['lane'], random: FaultContext['random']): Promise<void> => {
    const kinds = faultKinds.filter((kind) => kind.lane === lane);
    const kind = random.pickWeighted(kinds);
    const planned = kind.plan({ ...context, random, takeSlot });
    if (planned === null) return Promise.resolve();
    begun += 1;
    const startedAtMs = Date.now();
    const run = planned.run().then(
      () => record({ kind: kind.name, target: planned.target, startedAtMs, endedAtMs: Date.now() }),
      // The fault could not be made, often because another one holds: it does not count.
      (error: unknown) =>
        record({
          kind: `${kind.name}, failed`,
          target: `${planned.target}: ${String(error)}`,
          startedAtMs,
          endedAtMs: Date.now(),
        }),
    );
    underWay.add(run);
    return run.finally(() => underWay.delete(run));
  };

  await Promise.all(
    lanes.map(async (lane) => {
      const random = context.random.fork(lane);
      const pauseMs = pauses[lane];
      while (!signal.aborted) {
        const struck = begun < allowance() ? strike(lane, random) : Promise.resolve();
        if (lane === 'store') await struck;
        await delay(random.between(pauseMs / 3, (pauseMs * 5) / 3), undefined, { signal }).catch(() => undefined);
      }
    }),
  );
  await Promise.all(underWay);
}

/** One process of each app is always left alone: an API that is down as a whole tests its clients. */
function takeFreeSlot(
  { system, random }: Omit<FaultContext, 'takeSlot'>,
  busy: Set<ProcessSlot>,
  apps: readonly string[],
): TakenSlot | null {
  const app = random.pick(apps);
  const free = system.slots.filter((slot) => slot.app === app && !busy.has(slot));
  if (free.length < 2) return null;
  const slot = random.pick(free);
  busy.add(slot);
  return { slot, [Symbol.dispose]: () => void busy.delete(slot) };
}
