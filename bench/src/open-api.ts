import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from '@vibetribe/migrate/run-migrations';
import { createLogger } from '@vibetribe/observability/logger';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import type { Servers } from './servers.ts';

export interface OpenApi extends AsyncDisposable {
  /** Of the API, with its version. */
  readonly url: string;
  /** Of a user with an organization of their own. */
  readonly accessToken: string;
  readonly organizationId: string;
  readonly databaseUrl: string;
}

/** The product's API as a process of its own, as production runs it, on a migrated database of its own. */
export async function openApi(servers: Servers): Promise<OpenApi> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(servers.postgresUrl));
  await runMigrations({ databaseUrl: database.url, logger: createLogger({ app: 'bench', level: 'error' }) });
  const env = await apiEnvironment(servers, database.url, opening);
  const app = opening.use(await spawnApp({ app: 'api', env }));
  const url = `http://127.0.0.1:${app.port}/api/v1`;
  const { accessToken, organization } = await register(url);
  const opened = opening.move();
  return {
    url,
    accessToken,
    organizationId: organization.id,
    databaseUrl: database.url,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** @param opening removes its folder */
export async function apiEnvironment(
  { redisUrl }: Servers,
  databaseUrl: string,
  opening: AsyncDisposableStack,
): Promise<Record<string, string>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-bench-api-'));
  opening.defer(() => rm(dataDir, { recursive: true, force: true }));
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    DATA_DIR: dataDir,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
    REGISTRATION: 'open',
    LOGIN_RATE_LIMIT: '1000000',
    API_RATE_LIMIT: '1000000',
  };
}

interface SignedIn {
  readonly accessToken: string;
  readonly organization: { readonly id: string };
}

export async function register(url: string): Promise<SignedIn> {
  const answer = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: 'bench@example.com',
      password: randomBytes(12).toString('hex'),
      name: 'Bench',
      organizationName: 'Bench',
    }),
  });
  if (!answer.ok) throw new Error(`the registration answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as SignedIn;
}
