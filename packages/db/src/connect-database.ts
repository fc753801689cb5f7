import type pg from 'pg';
import { connectionConfig } from './connection-config.ts';
import { createDatabaseHealth, type DatabaseHealth } from './database-health.ts';
import { ProductPool } from './product-pool.ts';
import { roleNames } from './role-names.ts';
import { type Statement, watchStatements } from './watch-statements.ts';
import type { Transaction } from './transaction.ts';
import { createTransactions, type TransactionSettings } from './transactions.ts';

export type { Transaction } from './transaction.ts';

/**
 * The product's own connections. Nothing can be read outside a transaction of one of these kinds: the connection's default role
 * sees no rows.
 */
/** `user:<id>` or `key:<id>`: in whose name changes stand in the audit log; null and absent: the service's own. */
export type Principal = string | null;

export interface Database extends AsyncDisposable {
  /** Work for a user: row-level security lets this organization's rows through and no others. */
  asTenant<Result>(organizationId: string, work: (tx: Transaction) => Promise<Result>, by?: Principal): Promise<Result>;
  /** Work for the service itself, across organizations: publishing, cron, the event feed. */
  asWorker<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** The same for a fixed set of statements that find rows by key: prepared, and planned for indexes whatever the statistics say. */
  asKeyedWorker<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Look-ups before the organization is known: login, sessions, API keys, OAuth states, tickets. It cannot see posts or grants. */
  asIdentity<Result>(work: (tx: Transaction) => Promise<Result>, by?: Principal): Promise<Result>;
  /** The same, for work that must be finished although whoever asked for it has gone: a token that a platform has given. */
  readonly lasting: Pick<Database, 'asTenant' | 'asWorker' | 'asKeyedWorker' | 'asIdentity'>;
  /** Round trip in ms; rejects when the database is away. */
  ping(): Promise<number>;
  /** Whether work can be done on it now: it answers, may be written, and has room. Within about 2 s; never rejects. */
  health(): Promise<DatabaseHealth>;
  readonly pool: pg.Pool;
}

export interface DatabaseOptions {
  databaseUrl: string;
  /** Of the roles that the migration made. Default `vibetribe`. */
  rolePrefix?: string | undefined;
  poolMax: number;
  poolMin: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** How long work waits for a connection, ms; then it fails with `ConnectionUnavailableError`. Default 10 s. */
  connectTimeoutMs?: number;
  /**
   * How long an answer may take, ms; then its connection is given up: one that was cut silently gives no sign by itself. Longer than the
   * server's own time-outs, which tell more. Default 30 s.
   */
  answerTimeoutMs?: number;
  /** How long a statement waits for a lock, ms. Default 8 s. */
  lockTimeoutMs?: number;
  onError: (error: Error) => void;
  /** Told of every statement, without its parameters; costs something for each. */
  onStatement?: ((statement: Statement) => void) | undefined;
}

function inRole(role: string, organizationId = ''): TransactionSettings {
  return { role, 'app.organization_id': organizationId };
}

/**
 * For statements that find rows by key: nested loops over indexes are right for them whatever the statistics say, which after a burst of
 * new rows is wrong. So a plan, once made, may stay.
 */
const keyedPlans: TransactionSettings = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
};

const timeouts = {
  idle_in_transaction_session_timeout: '15s',
  statement_timeout: '15s',
  lock_timeout: '8s',
};

export function connectDatabase(options: DatabaseOptions): Database {
  const roles = roleNames(options.rolePrefix);
  const { client, settings } = connectionConfig(options.databaseUrl);
  const pool = new ProductPool(
    {
      ...client,
      application_name: options.applicationName,
      max: options.poolMax,
      min: options.poolMin,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
      query_timeout: options.answerTimeoutMs ?? 30_000,
      // Statements that do not wait for each other's answers share a round trip.
      pipeline: true,
    },
    {
      ...settings,
      ...timeouts,
      ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: `${options.lockTimeoutMs}ms` }),
      role: roles.tenant,
    },
  );
  pool.on('error', options.onError);
  // The pool listens to idle connections only: one lost between two statements of a transaction would end the process.
  // The next statement rejects with the loss.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const { onStatement } = options;
  if (onStatement !== undefined) pool.on('connect', (client) => watchStatements(client, onStatement));
  const transactions = createTransactions(pool);

  const transacting: Database['lasting'] = {
    asTenant: (organizationId, work, by) =>
      transactions.run({ ...inRole(roles.tenant, organizationId), ...asPrincipal(by) }, work),
    asWorker: (work) => transactions.run(inRole(roles.worker), work),
    asKeyedWorker: (work) => transactions.runPrepared({ ...inRole(roles.worker), ...keyedPlans }, work),
    asIdentity: (work, by) => transactions.run({ ...inRole(roles.identity), ...asPrincipal(by) }, work),
  };
  return {
    pool,
    ...transacting,
    lasting: transacting,
    async ping() {
      const startedAtMs = performance.now();
      await pool.query('select 1');
      return performance.now() - startedAtMs;
    },
    health: createDatabaseHealth(pool),
    async [Symbol.asyncDispose]() {
      await pool.end();
    },
  };
}

function asPrincipal(by: Principal = null): TransactionSettings {
  return by === null ? {} : { 'app.principal': by };
}
