import type { FaultKind } from './fault.ts';

/** pg_terminate_backend on one of the product's connections, or on all of them at once. */
export const cutDatabaseConnections: FaultKind = {
  name: 'pg_terminate_backend',
  lane: 'store',
  weight: 4,
  plan({ system, random }) {
    const share = random.chance(0.4) ? 1 : 0.1;
    return {
      target: share === 1 ? 'all connections' : 'some connections',
      async run() {
        await system.postgres.sql(`
          select pg_terminate_backend(pid) from pg_stat_activity
          where pid <> pg_backend_pid() and backend_type = 'client backend' and random() <= ${share}`);
      },
    };
  },
};
