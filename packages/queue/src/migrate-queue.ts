import { retryWhile } from '@vibetribe/resilience/retry-while';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { checkQueueFunctions, silentEventBody } from './check-queue-functions.ts';

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
    // Others must not stand in line behind a change that waits for its lock: it gives up and tries again.
    await client.query(`set lock_timeout = '2s'`);
    const change = async () => {
      await runMigrations(client);
      await checkQueueFunctions(client);
      for (const statement of [...plannerStatements, silentEvents, ...limiterStatements]) await client.query(statement);
    };
    await retryWhile(change, { ...lockPatience, isPassing: isLockTimeout, monotonicMs: () => performance.now() });
  } finally {
    // Ends the session, and the lock with it, whatever became of it.
    client.release(true);
  }
}

const lockPatience = { patienceMs: 15 * 60_000, pause: { baseMs: 1_000, capMs: 10_000 } };

function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55P03';
}

/**
 * The two functions that every job passes read a few rows by their index, if the planner sees it so. Statistics from before or amid a burst
 * mislead it. A cached generic plan cannot use the partial index of ended jobs and reads the whole queue. A bitmap scan never clears the
 * entries of promoted jobs out of its index. Either reads thousands of rows a job. The states that `move_to_active` looks for are
 * constants: with these settings its generic plan uses their indexes, and planning anew for each job would be a quarter of its work.
 */
const plannerStatements = [
  `do $$
   declare pinned regprocedure;
   begin
     for pinned in select oid::regprocedure from pg_proc
       where proname in ('move_to_active', 'apply_retention') and pronamespace = 'bullmq'::regnamespace
     loop
       execute format('alter function %s set plan_cache_mode = %s', pinned,
         case when pinned::text like '%move_to_active%' then 'force_generic_plan' else 'force_custom_plan' end);
       execute format('alter function %s set enable_bitmapscan = off', pinned);
       execute format('alter function %s set enable_seqscan = off', pinned);
       execute format('alter function %s set enable_sort = off', pinned);
     end loop;
   end $$`,
  `alter table bullmq.job set (
     autovacuum_analyze_threshold = 200, autovacuum_analyze_scale_factor = 0.02,
     autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05)`,
];

/** Nobody reads BullMQ's event log: the product's own is the truth. Four rows and as many notifications a job are saved. */
const silentEvents = `create or replace function bullmq.publish_event(p_queue text, p_event text, p_data jsonb) returns bigint
  language sql immutable as '${silentEventBody}'`;

const limiterStatements = [
  'create schema if not exists limiter',
  // Counters of the last minutes: losing them in a crash costs nothing.
  `create unlogged table if not exists limiter.counter (
     key varchar(255) primary key, points integer not null default 0, expire bigint)`,
  'create index if not exists counter_expire on limiter.counter (expire)',
];
