import { withTimeout } from '@vibetribe/resilience/with-timeout';
import pg from 'pg';

export interface DatabaseHealth {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** One sentence for an operator. */
  readonly detail: string;
}

const answerTimeoutMs = 2_000;
/** The server's disk and its right to write are looked at this often at most. */
const roomKnownForMs = 5_000;
const diskFull = '53100';

/**
 * A sort that does not fit its memory goes to the server's disk: the cheapest way to learn that it is full, and it leaves nothing
 * behind. One round trip.
 */
const roomProbe = `
  begin; set local work_mem = '64kB'; set local lock_timeout = '1s';
  select current_setting('transaction_read_only') = 'on' as "isReadOnly", count(*)
    from (select repeat('y', 100) || g as text from generate_series(1, 2000) g order by text offset 0) as sorted;
  rollback`;

/** @returns a check that any number may ask at once: they share one look */
export function createDatabaseHealth(pool: pg.Pool): () => Promise<DatabaseHealth> {
  let looking: Promise<DatabaseHealth> | null = null;
  let room: { readonly fault: string | null; readonly atMs: number } | null = null;

  const look = async (): Promise<DatabaseHealth> => {
    const startedAtMs = performance.now();
    const isKnown = room !== null && room.fault === null && startedAtMs - room.atMs < roomKnownForMs;
    const asked = isKnown ? pool.query('select 1').then(() => null) : readRoom(pool);
    const found = await withTimeout(answerTimeoutMs, 'the database', asked).then(
      (fault) => {
        if (!isKnown) room = { fault, atMs: performance.now() };
        return fault;
      },
      () => 'postgres does not answer',
    );
    const latencyMs = Math.round(performance.now() - startedAtMs);
    return { ok: found === null, latencyMs, detail: found ?? 'postgres answers' };
  };

  return () => (looking ??= look().finally(() => (looking = null)));
}

/** What keeps it from being written; null where nothing does. Rejects when it does not answer. */
async function readRoom(pool: pg.Pool): Promise<string | null> {
  const client = await pool.connect();
  try {
    const results = await client.query<{ isReadOnly: boolean }>(roomProbe);
    // Several statements have several results, which the types do not know.
    const isReadOnly = [results].flat().some(({ rows }) => rows[0]?.isReadOnly === true);
    client.release();
    return isReadOnly ? 'postgres takes no writes: it is read-only' : null;
  } catch (error) {
    const isFull = error instanceof pg.DatabaseError && error.code === diskFull;
    client.release(true);
    if (isFull) return 'postgres has no room left on its disk';
    throw error;
  }
}
