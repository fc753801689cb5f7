import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type SpawnedApp, spawnApp } from '@vibetribe/testkit/spawn-app';
import { type BreakablePostgres, startBreakablePostgres } from './breakable-postgres.ts';
import { type BreakableRedis, startBreakableRedis } from './breakable-redis.ts';
import { createProcessSlot, type ProcessSlot } from './process-slot.ts';
import { publisherUnderTest, sharedEnvironment } from './product-environment.ts';
import { startFrontDoor } from './front-door.ts';
import { furtherHosts, type PlatformHost, sandboxHosts, standInHost } from './hosts.ts';
import { createSandboxControl, type SandboxControl } from './sandbox-control.ts';
import { type StandIn, startStandIn } from './stand-in/start-stand-in.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export type Backend = 'postgres' | 'redis';

/** `stand-in`: X and further servers of Mastodon's kind are the stand-in's, the others the sandbox's. */
export type Platforms = 'sandbox' | 'stand-in';

/** The whole product as real processes, with a bad network between everything, and the servers that it stands on. */
export interface ChaosSystem extends AsyncDisposable {
  readonly slots: readonly ProcessSlot[];
  readonly postgres: BreakablePostgres;
  readonly redis: BreakableRedis | null;
  readonly sandbox: SandboxControl;
  /** By what they stand before: `postgres:publisher-1`, `redis:api-2`, `platform:x`. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** Origins of the API's replicas that are up. */
  readonly apis: () => string[];
  readonly standIn: StandIn | null;
  /** Where accounts can be connected. */
  readonly hosts: readonly PlatformHost[];
}

export interface SystemOptions {
  readonly backend: Backend;
  readonly platforms: Platforms;
  readonly apis: number;
  readonly publishers: number;
  readonly crons: number;
  /** For every process of the product. */
  readonly env: Readonly<Record<string, string>>;
  /** Protections that the publishers go without. */
  readonly without: readonly string[];
}

/** The sandbox names its own address for uploads, and not that of the proxy. */
function uploadEndpoints(origin: string): Record<string, string> {
  return {
    LINKEDIN_UPLOAD_URL: `${origin}/linkedin`,
    FACEBOOK_UPLOAD_URL: `${origin}/graph`,
    INSTAGRAM_UPLOAD_URL: `${origin}/graph`,
    YOUTUBE_API_URL: `${origin}/youtube`,
    TIKTOK_API_URL: `${origin}/tiktok`,
    PINTEREST_API_URL: `${origin}/pinterest`,
  };
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function startChaosSystem(options: SystemOptions): Promise<ChaosSystem> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-chaos-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = starting.use(await startBreakablePostgres());
  const redis = options.backend === 'redis' ? starting.use(await startBreakableRedis()) : null;
  const sandboxApp: SpawnedApp = starting.use(
    await spawnApp({
      app: 'sandbox',
      env: { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
      readyTimeoutMs: 60_000,
    }),
  );
  const sandbox = createSandboxControl(`http://127.0.0.1:${sandboxApp.port}`);

  const proxies = new Map<string, TcpProxy>();
  const proxyFor = async (name: string, port: number) => {
    const proxy = starting.use(await startTcpProxy({ host: '127.0.0.1', port }));
    proxies.set(name, proxy);
    return proxy.port;
  };
  const hosts = await sandbox.hosts();
  const portOf = (url: string | undefined) => Number(new URL(url ?? '').port);
  const sandboxPort = await proxyFor('platform:sandbox', sandboxApp.port);
  const mastodonPort = await proxyFor('platform:mastodon', portOf(hosts['mastodon']));
  const blueskyPort = portOf(hosts['bluesky']);
  const standIn = options.platforms === 'stand-in' ? starting.use(await startStandIn()) : null;
  const sitePorts = new Map<string, number>();
  for (const [name, site] of standIn?.sites ?? [])
    sitePorts.set(name, await proxyFor(`platform:stand-in-${name}`, site.port));
  const xPort = sitePorts.get('x');
  const slots: ProcessSlot[] = [];
  const apis = () => slots.flatMap((slot) => (slot.app === 'api' ? (slot.origin() ?? []) : []));
  const frontDoor = starting.use(await startFrontDoor(apis));
  const env = sharedEnvironment({
    databaseUrl: postgres.url,
    dataDir,
    sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    // What stands behind a proxy has another port than the sandbox tells.
    ssrfAllow: [sandboxPort, sandboxApp.port, mastodonPort, blueskyPort, ...sitePorts.values()].map(
      (port) => `127.0.0.1:${port}`,
    ),
    secret: () => randomBytes(32),
    overrides: {
      PUBLIC_URL: frontDoor.origin,
      ...uploadEndpoints(`http://127.0.0.1:${sandboxApp.port}`),
      ...(xPort === undefined ? {} : { X_API_URL: `http://127.0.0.1:${xPort}/x` }),
      ...options.env,
    },
  });
  await promisify(execFile)(process.execPath, ['apps/migrate/src/main.ts'], {
    cwd: root,
    env: { ...process.env, ...env },
  });

  const addSlots = async (app: string, count: number) => {
    for (let index = 1; index <= count; index += 1) {
      const name = `${app}-${index}`;
      const databaseUrl = new URL(postgres.url);
      databaseUrl.port = String(await proxyFor(`postgres:${name}`, postgres.port));
      const redisPort = redis === null ? null : await proxyFor(`redis:${name}`, redis.port);
      const ownEnv = {
        ...env,
        DATABASE_URL: databaseUrl.href,
        ...(redisPort === null ? {} : { REDIS_URL: `redis://127.0.0.1:${redisPort}/0` }),
      };
      const entry =
        app === 'publisher' && options.without.length > 0
          ? publisherUnderTest({ without: options.without })
          : { env: {} };
      slots.push(starting.use(createProcessSlot({ name, app, ...entry, env: { ...ownEnv, ...entry.env } })));
    }
  };
  await addSlots('api', options.apis);
  await addSlots('publisher', options.publishers);
  await addSlots('cron', options.crons);
  await Promise.all(slots.map((slot) => slot.ready()));

  const running = starting.move();
  return {
    slots,
    postgres,
    redis,
    sandbox,
    proxies,
    apis,
    standIn,
    hosts: [
      ...sandboxHosts(sandbox, {
        mastodonInstance: `http://127.0.0.1:${mastodonPort}`,
        blueskyService: hosts['bluesky'] ?? '',
      }).filter(({ platform }) => platform !== 'x' || standIn === null),
      ...furtherHosts(sandbox),
      ...Array.from(standIn?.sites ?? [], ([name, site]) =>
        standInHost(name, site, `http://127.0.0.1:${sitePorts.get(name) ?? 0}`),
      ),
    ],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
