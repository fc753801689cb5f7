import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';

type BackendKind = 'redis' | 'postgres';

/** This process would request where the others do not listen. */
export class QueueBackendMismatchError extends OperatorError {
  override readonly name = 'QueueBackendMismatchError';
  readonly recorded: string;
  readonly configured: BackendKind;

  constructor(recorded: string, configured: BackendKind) {
    const remedy =
      recorded === 'redis'
        ? 'set REDIS_URL as the other processes do'
        : 'unset REDIS_URL (and REDIS_HOST) as in the other processes';
    super(
      `This database's queue lives on ${recorded}, but this process is configured for ${configured}: ${remedy}, ` +
        `or stop every process and delete the row queue_backend from service_settings to move the queue.`,
    );
    this.recorded = recorded;
    this.configured = configured;
  }
}

/**
 * Records the backend of this database, or checks it against the one recorded. Reading is enough once it is recorded.
 * @throws QueueBackendMismatchError
 */
export async function recordBackend(pool: Pick<pg.Pool, 'query'>, kind: BackendKind): Promise<void> {
  const recorded = (await readBackend(pool)) ?? (await insertBackend(pool, kind));
  if (recorded !== kind) throw new QueueBackendMismatchError(recorded, kind);
}

async function readBackend(pool: Pick<pg.Pool, 'query'>): Promise<string | null> {
  const { rows } = await pool.query<{ kind: string }>(
    `select value #>> '{}' as kind from service_settings where key = 'queue_backend'`,
  );
  return rows[0]?.kind ?? null;
}

async function insertBackend(pool: Pick<pg.Pool, 'query'>, kind: BackendKind): Promise<string> {
  await pool.query(
    `insert into service_settings (key, value) values ('queue_backend', to_jsonb($1::text)) on conflict (key) do nothing`,
    [kind],
  );
  // Another process may have been first.
  return (await readBackend(pool)) ?? kind;
}
