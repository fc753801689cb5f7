import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { createProcessSlot, type ProcessSlot } from '../process-slot.ts';

export interface LiveSystem extends AsyncDisposable {
  readonly apis: readonly [ProcessSlot, ProcessSlot];
  /** Of a user who owns an organization with one account. */
  readonly token: string;
  readonly organizationId: string;
  readonly accountId: string;
  /** One more user with an organization. */
  registerAnother(): Promise<{ readonly token: string; readonly organizationId: string }>;
  /** Carries a statement out in a transaction that stays open until it is released. */
  hold(text: string): { readonly held: Promise<void>; release(): Promise<void> };
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Two API processes over a database of their own, as production runs them. */
export async function startLiveSystem(servers: {
  readonly postgresUrl: string;
  readonly redisUrl: string | null;
}): Promise<LiveSystem> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-live-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const database = starting.use(await createTestDatabase(servers.postgresUrl));
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    API_RATE_LIMIT: '1000000',
    REGISTRATION: 'open',
    ...(servers.redisUrl === null ? {} : { REDIS_URL: servers.redisUrl }),
  };
  await promisify(execFile)(process.execPath, ['apps/migrate/src/main.ts'], {
    cwd: root,
    env: { ...compileCache(), ...env, PATH: process.env['PATH'] ?? '' },
  });
  const owner = starting.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (pool) => pool.end());
  const apis = [
    starting.use(createProcessSlot({ name: 'api 1', app: 'api', env })),
    starting.use(createProcessSlot({ name: 'api 2', app: 'api', env })),
  ] as const;
  await Promise.all(apis.map((api) => api.ready()));
  const registerOne = async () => {
    const { accessToken, organization } = await register(apis[0].origin() ?? '');
    return { token: accessToken, organizationId: organization.id };
  };
  const { token, organizationId } = await registerOne();
  const accountId = 'acc_live';
  await owner.query(
    `insert into grants (id, organization_id, platform, credentials) values ('grt_live', $1, 'x', 's')`,
    [organizationId],
  );
  await owner.query(
    `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name) values ($2, $1, 'grt_live', 'x', 'live', 'live', 'Live')`,
    [organizationId, accountId],
  );
  const running = starting.move();
  return {
    apis,
    token,
    organizationId,
    accountId,
    registerAnother: registerOne,
    hold(text) {
      const released = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const work = async () => {
        const client = await owner.connect();
        await client.query(`begin; ${text}`);
        held.resolve();
        await released.promise;
        await client.query('rollback');
        client.release();
      };
      const ended = work().catch(held.reject);
      return {
        held: held.promise,
        async release() {
          released.resolve();
          await ended;
        },
      };
    },
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function register(origin: string): Promise<{ accessToken: string; organization: { id: string } }> {
  const answer = await fetch(`${origin}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: `${randomBytes(6).toString('hex')}@example.com`,
      password: randomBytes(12).toString('hex'),
      name: 'Live',
      organizationName: 'Live',
    }),
  });
  if (answer.status !== 201) throw new Error(`the registration answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { accessToken: string; organization: { id: string } };
}
