import { randomBytes } from 'node:crypto';
import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';

const defaultPrefix = 'vibetribe';

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

export interface RecordedQueue {
  /** What its keys in Redis begin with: several installations may share one. */
  readonly prefix: string;
}

/**
 * Records the backend of this database, or checks it against the one recorded. Reading is enough once it is recorded.
 * @throws QueueBackendMismatchError
 */
export async function recordBackend(pool: Pick<pg.Pool, 'query'>, kind: BackendKind): Promise<RecordedQueue> {
  const { recorded, prefix } = (await readBackend(pool)) ?? (await insertBackend(pool, kind));
  if (recorded !== kind) throw new QueueBackendMismatchError(recorded, kind);
  // A database is one installation's alone.
  return { prefix: kind === 'redis' ? prefix : defaultPrefix };
}

async function readBackend(pool: Pick<pg.Pool, 'query'>): Promise<{ recorded: string; prefix: string } | null> {
  const { rows } = await pool.query<{ key: string; value: string }>(
    `select key, value #>> '{}' as value from service_settings where key in ('queue_backend', 'queue_prefix')`,
  );
  const valueOf = (wanted: string) => rows.find(({ key }) => key === wanted)?.value;
  const recorded = valueOf('queue_backend');
  return recorded === undefined ? null : { recorded, prefix: valueOf('queue_prefix') ?? defaultPrefix };
}

async function insertBackend(
  pool: Pick<pg.Pool, 'query'>,
  kind: BackendKind,
): Promise<{ recorded: string; prefix: string }> {
  await pool.query(
    `insert into service_settings (key, value) values ('queue_backend', to_jsonb($1::text)), ('queue_prefix', to_jsonb($2::text))
     on conflict (key) do nothing`,
    [kind, `${defaultPrefix}:${randomBytes(4).toString('hex')}`],
  );
  // Another process may have been first.
  const found = await readBackend(pool);
  if (found === null) throw new Error('the queue backend was not recorded');
  return found;
}
