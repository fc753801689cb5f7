import { randomBytes, randomUUID } from 'node:crypto';
import type { SignedIn } from '@vibetribe/contracts/auth';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import { ensureAdmin } from '@vibetribe/core/identity/ensure-admin';
import { issueDemoKey } from '@vibetribe/core/identity/issue-demo-key';
import { createLogger } from '@vibetribe/observability/logger';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { createPasswordHasher } from '@vibetribe/security/password';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { parseApiConfig, type ApiConfig } from './config.ts';
import { startApi, type RunningApi } from './start-api.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: Record<string, unknown>;
}

export interface CallOptions {
  /** Access token or API key. */
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Which of the replicas, from 0. */
  readonly replica?: number;
}

/** Replicas of the API over one database of their own. */
export interface TestApi extends AsyncDisposable {
  readonly replicas: readonly RunningApi[];
  /** As the database's owner. */
  readonly databaseUrl: string;
  /** Of each replica, for one more as a process of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything logged by all replicas. */
  logged(): string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A new user who owns a new organization. */
  register(): Promise<SignedIn & { email: string; password: string }>;
  /** A service admin's API key with every scope. */
  adminKey(): Promise<string>;
  /** As the database's owner: for arranging and for looking. */
  readonly sql: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
  /** A transaction of its own, rolled back at its end unless it was committed. */
  transaction(): Promise<AsyncDisposable & { sql(text: string, values?: unknown[]): Promise<void> }>;
}

export const testPassword = 'correct horse battery staple';

export async function startTestApi(
  postgresUrl: string,
  options: { replicas?: number; config?: Partial<ApiConfig>; env?: Record<string, string> } = {},
): Promise<TestApi> {
  await using starting = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'api', prepare);
  const database = starting.use(await createTestDatabase(postgresUrl, { template }));
  const owner = starting.adopt(new pg.Pool({ connectionString: database.url, max: 3 }), (pool) => pool.end());
  const env = {
    DATABASE_URL: database.url,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PORT: '0',
    DB_POOL_MIN: '0',
    ...options.env,
  };
  const config = parseApiConfig(env);
  let logged = '';
  const logger = createLogger({ app: 'api', level: 'debug', destination: { write: (line) => void (logged += line) } });
  const replicas: RunningApi[] = [];
  for (let started = 0; started < (options.replicas ?? 1); started += 1) {
    replicas.push(starting.use(await startApi({ ...config, ...options.config }, logger)));
  }

  const call: TestApi['call'] = async (method, path, { token, body, headers = {}, replica = 0 } = {}) => {
    const url = (replicas[replica] ?? replicas[0])?.url ?? '';
    const answer = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : {} };
  };

  const running = starting.move();
  return {
    replicas,
    databaseUrl: database.url,
    env,
    call,
    logged: () => logged,
    async register() {
      const email = `user-${randomUUID()}@example.com`;
      const body = { email, password: testPassword, name: 'Ada', organizationName: 'Engines' };
      const { status, json, text } = await call('POST', '/api/v1/auth/register', { body });
      if (status !== 201) throw new Error(`registering was answered ${status}: ${text}`);
      return { ...(json as unknown as SignedIn), email, password: testPassword };
    },
    async adminKey() {
      const db = connectDatabase({
        databaseUrl: database.url,
        poolMax: 1,
        poolMin: 0,
        applicationName: 'test',
        onError: () => undefined,
      });
      await using _ = db;
      const passwords = createPasswordHasher({ concurrencyMax: 1 });
      const email = `admin-${randomUUID()}@example.com`;
      const admin = await ensureAdmin(
        { db, passwords },
        { email, password: testPassword, name: 'Admin', organizationName: 'Operators' },
      );
      const { key } = await issueDemoKey({ db }, admin);
      return key;
    },
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    async transaction() {
      const client = await owner.connect();
      await client.query('begin');
      return {
        sql: async (text, values = []) => void (await client.query(text, values)),
        async [Symbol.asyncDispose]() {
          await client.query('rollback');
          client.release();
        },
      };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function prepare(databaseUrl: string): Promise<void> {
  await migrate({ databaseUrl });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  await migrateQueue(pool);
  await pool.end();
}
