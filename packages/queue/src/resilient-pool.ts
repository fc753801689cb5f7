import { exponentialDelayMs } from '@vibetribe/resilience/backoff';
import { sleep } from '@vibetribe/resilience/sleep';
import type { PgPool, PgPoolClient, PgQueryResult } from 'bullmq';
import type pg from 'pg';
import { isConnectionLoss } from './store-error.ts';

export interface RetryOptions {
  /** How long a statement is tried again; then its last error is thrown. */
  retryForMs: number;
  /** Ends all retrying, when the process closes. */
  signal: AbortSignal;
}

const backoff = { baseMs: 50, capMs: 1000 };
/** A store that refuses everything must not be asked in a tight loop, which BullMQ's workers would do. */
const failureDelayMs = 100;

/**
 * The pool as BullMQ sees it: statements survive a restart of PostgreSQL and cut connections. BullMQ's own statements bear
 * repeating: a job id is added once, and what a repeated fetch left behind is found as stalled.
 */
export function createResilientPool(pool: pg.Pool, { retryForMs, signal }: RetryOptions): PgPool {
  const query = async <Row>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<Row>> => {
    const deadline = AbortSignal.timeout(retryForMs);
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows, rowCount } = await pool.query(text, params === undefined ? [] : [...params]);
        return { rows, rowCount };
      } catch (error) {
        const isOver = deadline.aborted || signal.aborted || pool.ended;
        if (isOver || !isConnectionLoss(error)) {
          if (!isBullmqVerdict(error)) await pause(failureDelayMs, signal);
          throw error;
        }
        await pause(
          exponentialDelayMs(attempt, backoff, () => 0),
          signal,
        );
      }
    }
  };
  const resilient: PgPool = {
    query,
    // The same object; only the two declarations of `on` cannot be compared.
    connect: () => pool.connect() as Promise<unknown> as Promise<PgPoolClient>,
    end: () => pool.end(),
    on(event: 'error' | 'connect', listener: ((error: Error) => void) | ((client: PgPoolClient) => void)) {
      pool.on(event, listener as () => void);
      return resilient;
    },
    removeAllListeners(event) {
      pool.removeAllListeners(event);
      return resilient;
    },
  };
  return resilient;
}

/** BullMQ's functions raise BM001 for what is an answer, such as a job that is no longer active. */
function isBullmqVerdict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'BM001';
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(delayMs, signal).catch(() => undefined);
}
