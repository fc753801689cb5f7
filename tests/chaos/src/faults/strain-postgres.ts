import { setTimeout as delay } from 'node:timers/promises';
import { postgresConnectionsMax } from '../breakable-postgres.ts';
import type { FaultKind } from './fault.ts';

/** Locks the table that everybody writes to: every pool fills with statements that wait. */
export const exhaustPool: FaultKind = {
  name: 'pool exhaustion',
  lane: 'store',
  weight: 2,
  plan({ system, random }) {
    const heldMs = random.between(500, 4_000);
    return {
      target: `publications locked for ${heldMs} ms`,
      async run() {
        const client = await system.postgres.connect();
        try {
          await client.query('begin');
          await client.query("set local lock_timeout = '5s'");
          await client.query('lock table publications in access exclusive mode');
          await delay(heldMs);
        } finally {
          await client.end();
        }
      },
    };
  },
};

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
        for (let count = 0; count < postgresConnectionsMax; count += 1) {
          const client = await system.postgres.connect().catch(() => null);
          if (client === null) break;
          clients.defer(() => client.end());
        }
        await delay(heldMs);
      },
    };
  },
};
