import { runMigrations } from '@vibetribe/migrate/run-migrations';
import { createLogger } from '@vibetribe/observability/logger';
import { type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { apiEnvironment, register } from './open-api.ts';
import type { Servers } from './servers.ts';

export interface ApiReplicas extends AsyncDisposable {
  readonly origins: readonly string[];
  readonly accessToken: string;
  readonly organizationId: string;
  readonly databaseUrl: string;
  /** Ends the second one without a word, and starts it again at its port. */
  killAndStart(): Promise<void>;
}

/** The product's API as two processes on one migrated database, over Redis. */
export async function openApiReplicas(servers: Servers): Promise<ApiReplicas> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(servers.postgresUrl));
  await runMigrations({ databaseUrl: database.url, logger: createLogger({ app: 'bench', level: 'error' }) });
  const env = await apiEnvironment(servers, database.url, opening);
  const start = (port: number) => spawnApp({ app: 'api', env: { ...env, PORT: String(port) } });
  const first = opening.use(await start(0));
  let second: SpawnedApp = await start(0);
  opening.defer(() => second[Symbol.asyncDispose]());
  const { port } = second;
  const origins = [first.port, port].map((at) => `http://127.0.0.1:${at}`);
  const { accessToken, organization } = await register(`${origins[0]}/api/v1`);
  const opened = opening.move();
  return {
    origins,
    accessToken,
    organizationId: organization.id,
    databaseUrl: database.url,
    async killAndStart() {
      second.kill('SIGKILL');
      await second.stopped;
      second = await start(port);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
