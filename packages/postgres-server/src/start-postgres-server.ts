import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { choosePlace } from './choose-place.ts';
import { endClusterProcesses } from './cluster-processes.ts';
import { ensureDatabase } from './ensure-database.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { initialiseCluster } from './initialise-cluster.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { passableMode } from './passable-mode.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import { locateBinaries } from './locate-binaries.ts';
import { startPostmaster, type Postmaster, type PostmasterOptions } from './postmaster.ts';
import { prepareBinaries } from './prepare-binaries.ts';
import { readOrMakePassword } from './server-password.ts';

export interface PostgresServerOptions {
  /** Holds everything of this server; made if missing, as `passableMode` says. */
  dataDir: string;
  /** Demanded port; without it the one of the last start, or a free one. */
  port?: number;
  /** Made if missing. Default `vibetribe`. */
  database?: string;
  log: (message: string) => void;
  /** Default 300. */
  maxConnections?: number;
  /** Default true. False switches fsync off: for tests only. */
  durable?: boolean;
  /** Further server settings by name, such as `{ wal_level: 'logical' }`. */
  extraOptions?: Readonly<Record<string, string>>;
  /** Further environment of the server: for tests only. */
  env?: Readonly<Record<string, string>>;
}

export interface RunningPostgres extends AsyncDisposable {
  /** Connects to `database` as its owner, a superuser. Holds the password: keep it out of logs. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, also when nobody asked it to. */
  exited: Promise<void>;
  /** Fast shutdown; returns when every process of the server has ended, at most after about 40 s. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = { fast: 20_000, immediate: 10_000 };
const portAttemptsMax = 5;

/**
 * Starts the PostgreSQL that npm installed, on the loopback address only, and takes over a server that a killed parent left.
 * @throws PostgresServerError whose message is one sentence with the server's own reason
 */
export async function startPostgresServer(options: PostgresServerOptions): Promise<RunningPostgres> {
  await mkdir(options.dataDir, { recursive: true, mode: passableMode() });
  const dataDir = await realpath(options.dataDir);
  await using resources = new AsyncDisposableStack();
  resources.use(takeInstanceLock(join(dataDir, 'server.lock'), dataDir));

  const place = await choosePlace(dataDir, (clusterPath) => endClusterProcesses(clusterPath, stopTimeoutMs));
  // A copied data directory links to the same cluster as the original does.
  if (place.home !== dataDir) resources.use(takeInstanceLock(join(place.home, 'server.lock'), dataDir));
  const binariesRoot = await prepareBinaries(place, await locateBinaries());
  const password = await readOrMakePassword(join(dataDir, 'password'));
  await initialiseCluster(place, binariesRoot, password);

  resources.defer(() => endClusterProcesses(place.clusterPath, stopTimeoutMs));
  const { postmaster, port } = await startOnSomePort(options, dataDir, { place, binariesRoot });
  const url = await ensureDatabase({ port, password, database: options.database ?? 'vibetribe' });
  options.log(`PostgreSQL is ready on 127.0.0.1:${port} (pid ${postmaster.pid})`);

  const held = resources.move();
  const stop = (): Promise<void> => held.disposeAsync();
  return { url, port, pid: postmaster.pid, exited: postmaster.exited, stop, [Symbol.asyncDispose]: stop };
}

async function startOnSomePort(
  options: PostgresServerOptions,
  dataDir: string,
  parts: Pick<PostmasterOptions, 'place' | 'binariesRoot'>,
): Promise<{ postmaster: Postmaster; port: number }> {
  const portPath = join(dataDir, 'port');
  for (let attempt = 1; ; attempt++) {
    const port = options.port || (await choosePort(portPath));
    if (!(await isPortFree(port)))
      throw new PostgresServerError(
        `Port ${port} on 127.0.0.1 is taken by another program; choose another port for PostgreSQL.`,
      );
    const settings = {
      port,
      maxConnections: options.maxConnections ?? 300,
      durable: options.durable ?? true,
      extraOptions: options.extraOptions ?? {},
    };
    try {
      const postmaster = await startPostmaster({
        ...parts,
        settings,
        env: options.env ?? {},
        logPath: join(dataDir, 'server.log'),
        timeoutMs: startTimeoutMs,
      });
      await writeFile(portPath, `${port}\n`, { mode: 0o600 });
      return { postmaster, port };
    } catch (error) {
      // Another program may have taken the port since it was found free.
      if (options.port || attempt === portAttemptsMax || (await isPortFree(port))) throw error;
    }
  }
}

async function choosePort(portPath: string): Promise<number> {
  const last = Number(await readFile(portPath, 'utf8').catch(() => ''));
  return Number.isInteger(last) && last > 0 && last < 65_536 && (await isPortFree(last)) ? last : findFreePort();
}
