import { runMigrations } from 'bullmq';
import type pg from 'pg';

/** Any number that no one else locks. */
const advisoryLockKey = 7_204_119_356;

/**
 * Brings the queue's own schema up to date: BullMQ's tables in `bullmq`, the rate limiter's in `limiter`. May be run at any
 * time and by several at once. The pool's login must be allowed to make schemas.
 */
export async function migrateQueue(pool: Pick<pg.Pool, 'connect'>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLockKey]);
    await runMigrations(client);
    for (const statement of [...plannerStatements, ...limiterStatements]) await client.query(statement);
  } finally {
    // Ends the session, and the lock with it, whatever became of it.
    client.release(true);
  }
}

/** A job table changes from empty to thousands within seconds; statistics a minute old plan the fetch as a sort of all. */
const plannerStatements = [
  `alter table bullmq.job set (
     autovacuum_analyze_threshold = 200, autovacuum_analyze_scale_factor = 0.02,
     autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05)`,
  `do $$
   declare claim regprocedure;
   begin
     for claim in select oid::regprocedure from pg_proc
       where proname = 'move_to_active' and pronamespace = 'bullmq'::regnamespace
     loop
       execute format('alter function %s set enable_sort = off', claim);
     end loop;
   end $$`,
];

const limiterStatements = [
  'create schema if not exists limiter',
  // Counters of the last minutes: losing them in a crash costs nothing.
  `create unlogged table if not exists limiter.counter (
     key varchar(255) primary key, points integer not null default 0, expire bigint)`,
  'create index if not exists counter_expire on limiter.counter (expire)',
];
