import { retryWhile } from '@vibetribe/resilience/retry-while';
import pg from 'pg';

/** How long a migration waits for locks of others, ms. */
export interface LockPatience {
  /** For one lock: whoever comes after us stands in line for as long. */
  readonly lockTimeoutMs: number;
  readonly pauseMs: number;
  /** In all. */
  readonly patienceMs: number;
}

const defaultPatience: LockPatience = { lockTimeoutMs: 2_000, pauseMs: 1_000, patienceMs: 15 * 60_000 };
const pauseFactorMax = 10;
const lockNotAvailable = '55P03';

/**
 * Runs a change of the schema that needs locks which others may hold for long. A change that waits for its lock makes everybody after it
 * wait too, so it gives up soon, lets them pass, and tries again.
 */
export async function withoutBlocking(
  client: pg.Client,
  change: () => Promise<void>,
  options: {
    readonly what: string;
    readonly log: (message: string) => void;
    readonly patience?: LockPatience | undefined;
  },
): Promise<void> {
  const { lockTimeoutMs, pauseMs, patienceMs } = options.patience ?? defaultPatience;
  await client.query(`set lock_timeout = ${Math.ceil(lockTimeoutMs)}`);
  await retryWhile(change, {
    isPassing: (error) => isLockTimeout(error),
    patienceMs,
    pause: { baseMs: pauseMs, capMs: pauseMs * pauseFactorMax },
    monotonicMs: () => performance.now(),
    async onRetry() {
      options.log(`${options.what} waits for a lock and is tried again; ${await describeHolders(client)}`);
    },
  });
  await client.query('set lock_timeout = 0');
}

function isLockTimeout(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof pg.DatabaseError && cause.code === lockNotAvailable) return true;
  return false;
}

async function describeHolders(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(`
    select format('process %s (%s, %s for %s s)', pid, coalesce(nullif(application_name, ''), 'unnamed'), state,
        extract(epoch from clock_timestamp() - xact_start)::int) as holder
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    order by xact_start limit 3`);
  if (rows.length === 0) return 'nobody is seen to hold one now';
  return `the longest transactions are of ${rows.map(({ holder }) => holder).join(', ')}`;
}
