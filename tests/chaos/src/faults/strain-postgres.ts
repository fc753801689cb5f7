import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from './fault.ts';

/** What a send, its outcome or a request needs. */
const tables = [
  'publications',
  'publications',
  'publication_steps',
  'attempts',
  'events',
  'posts',
  'accounts',
  'grants',
  'breakers',
  'pauses',
  'publisher_presence',
  'notifications',
] as const;

/** Locks one table: every pool fills with statements that wait. `share`: it can be read, as while an index is built. */
export const lockTable: FaultKind = {
  name: 'table locked',
  lane: 'store',
  weight: 3,
  plan({ system, random }) {
    const heldMs = random.between(500, 4_000);
    const table = random.pick(tables);
    const mode = random.pick(['access exclusive', 'share']);
    return {
      target: `${table} in ${mode} mode for ${heldMs} ms`,
      async run() {
        const client = await system.postgres.connect();
        try {
          await client.query('begin');
          await client.query("set local lock_timeout = '5s'");
          await client.query(`lock table ${table} in ${mode} mode`);
          await delay(heldMs);
        } finally {
          await client.end();
        }
      },
    };
  },
};

/** Freezes some of PostgreSQL's own processes, with whatever they have locked: statements are slow, and so is who waits for them. */
export const slowStatements: FaultKind = {
  name: 'slow statements',
  lane: 'store',
  weight: 3,
  plan({ system, random }) {
    const frozenMs = random.between(200, 3_000);
    const share = random.chance(0.3) ? 1 : 0.2;
    return {
      target: `${share === 1 ? 'all' : 'some'} for ${frozenMs} ms`,
      async run() {
        const rows = await system.postgres.sql(`
          select pid from pg_stat_activity
          where pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle' and random() <= ${share}`);
        const pids = rows.map(({ pid }) => Number(pid));
        const signal = (name: NodeJS.Signals) => pids.forEach((pid) => signalIfThere(pid, name));
        signal('SIGSTOP');
        try {
          await delay(frozenMs);
        } finally {
          signal('SIGCONT');
        }
      },
    };
  },
};

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** On a slow machine it takes what it can get by then: the fault ends in time. */
const takingMsMax = 5_000;

/** Takes every connection that PostgreSQL still has: whoever opens one is refused. */
export const exhaustConnections: FaultKind = {
  name: 'connection exhaustion',
  lane: 'store',
  weight: 1,
  plan({ system, random }) {
    const heldMs = random.between(500, 2_500);
    return {
      target: `all connections for ${heldMs} ms`,
      async run() {
        await using clients = new AsyncDisposableStack();
        const takenBy = Date.now() + takingMsMax;
        const take = async () => {
          while (Date.now() < takenBy) {
            const client = await system.postgres.connect().catch(() => null);
            if (client === null) return;
            clients.defer(() => client.end());
          }
        };
        await Promise.all(Array.from({ length: connectsAtOnce }, take));
        await delay(heldMs);
      },
    };
  },
};

const connectsAtOnce = 20;
