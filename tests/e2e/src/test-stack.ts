import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase } from '@vibetribe/testkit/test-database';

export interface TestStackOptions {
  readonly postgresUrl: string;
  /** Queues on Redis; null: on PostgreSQL. */
  readonly redisUrl: string | null;
  readonly apis?: number;
  readonly publishers?: number;
  readonly crons?: number;
  /** For every process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A whole system of real processes on a database of its own, as production runs it, with the sandbox for the platforms. */
export interface TestStack extends AsyncDisposable {
  readonly api: string;
  readonly apis: readonly string[];
  /** Process ids, in the order of `apis`. */
  readonly apiPids: readonly number[];
  readonly sandbox: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly publishers: SpawnedApp[];
  readonly crons: SpawnedApp[];
  /** One more publisher, as an operator would add one; `entry` is started in its place. */
  addPublisher(env?: Readonly<Record<string, string>>, entry?: string): Promise<SpawnedApp>;
  addCron(): Promise<SpawnedApp>;
  /** Runs another program of the system to its end, in the environment of all the others. */
  run(entry: string, env?: Readonly<Record<string, string>>): RunningProgram;
  /** Everything that any process has written. */
  output(): string;
}

interface RunningProgram {
  kill(): void;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function startTestStack(options: TestStackOptions): Promise<TestStack> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-e2e-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const database = starting.use(await createTestDatabase(options.postgresUrl));
  const sandboxApp = starting.use(
    await spawnApp({ app: 'sandbox', env: { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' } }),
  );
  const sandbox = `http://127.0.0.1:${sandboxApp.port}`;
  // Platforms that fetch media by themselves come to the first API.
  const apiPort = await findFreePort();
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    AUTH_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SANDBOX_URL: sandbox,
    PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    PORT: '0',
    LOG_LEVEL: 'info',
    API_RATE_LIMIT: '1000000',
    LOGIN_RATE_LIMIT: '1000000',
    REGISTRATION: 'open',
    DB_POOL_MIN: '0',
    ...(options.redisUrl === null ? {} : { REDIS_URL: options.redisUrl }),
    ...options.env,
  };
  await promisify(execFile)(process.execPath, ['apps/migrate/src/main.ts'], {
    cwd: root,
    env: { ...compileCache(), ...env, PATH: process.env['PATH'] ?? '' },
  });

  const spawned: SpawnedApp[] = [sandboxApp];
  const start = async (app: string, index: number) => {
    const place = app === 'api' && index === 0 ? { PORT: String(apiPort) } : {};
    const running = starting.use(await spawnApp({ app, env: { ...env, ...place } }));
    spawned.push(running);
    return running;
  };
  const many = (app: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => start(app, index)));
  const apis = await many('api', options.apis ?? 1);
  const publishers = await many('publisher', options.publishers ?? 2);
  const crons = await many('cron', options.crons ?? 0);
  const later = new AsyncDisposableStack();
  starting.use(later);
  const running = starting.move();
  const urls = apis.map((app) => `http://127.0.0.1:${app.port}/api/v1`);

  return {
    api: urls[0] ?? '',
    apis: urls,
    apiPids: apis.map(({ pid }) => pid),
    sandbox,
    databaseUrl: database.url,
    dataDir,
    publishers,
    crons,
    async addPublisher(extra = {}, entry) {
      const place = entry === undefined ? {} : { entry };
      const added = later.use(await spawnApp({ app: 'publisher', ...place, env: { ...env, ...extra } }));
      spawned.push(added);
      publishers.push(added);
      return added;
    },
    async addCron() {
      const added = later.use(await spawnApp({ app: 'cron', env }));
      spawned.push(added);
      crons.push(added);
      return added;
    },
    run(entry, extra = {}) {
      const ended = Promise.withResolvers<{ code: number | null; output: string }>();
      const options = { cwd: root, env: { ...compileCache(), ...env, ...extra, PATH: process.env['PATH'] ?? '' } };
      const child = execFile(process.execPath, [entry], options, (_error, stdout, stderr) =>
        ended.resolve({ code: child.exitCode, output: stdout + stderr }),
      );
      return { kill: () => void child.kill('SIGKILL'), ended: ended.promise };
    },
    output: () => spawned.map((app) => app.output()).join('\n'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
