import { join } from 'node:path';
import { httpOrigin } from '@vibetribe/observability/http-origin';
import { createLogger } from '@vibetribe/observability/logger';
import { appEnvironment } from './app-environment.ts';
import { choosePort, portFaultOf } from './choose-port.ts';
import type { LocalConfig } from './config.ts';
import { type Endpoints, publishEndpoints, withdrawEndpoints } from './endpoints-file.ts';
import { loadSecrets } from './local-secrets.ts';
import { openLogOutput } from './log-output.ts';
import { openDataDir } from './open-data-dir.ts';
import { openDatabase } from './open-database.ts';
import type { LocalPorts } from './start-apps.ts';
import { waitUntilHealthy } from './wait-until-healthy.ts';

export interface RunningLocal extends AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly logPath: string;
  /** Resolves with the reason when the database is gone for good. */
  readonly databaseLost: Promise<unknown>;
}

export interface LocalEdge {
  readonly pid: number;
  /** Shows a line to the person at the terminal. */
  print(line: string): void;
  /** Aborted: the start is given up, and what has been started is stopped again. */
  readonly signal: AbortSignal;
}

/** A port that we picked may be taken before it is used: then another is picked. */
const portAttemptsMax = 5;

/**
 * Runs the whole system in this process, over an embedded PostgreSQL unless an outside one is configured. Resolves once it is
 * healthy. Disposing stops the apps in order and the database last.
 * @throws StartError, or EnvironmentError of an app
 */
export async function startLocal(config: LocalConfig, edge: LocalEdge): Promise<RunningLocal> {
  await using starting = new AsyncDisposableStack();
  starting.use(await openDataDir(config.dataDir));
  await withdrawEndpoints(config.dataDir);
  const running = starting.use(await startOnFreePorts(config, edge));
  const everything = starting.move();
  return { ...running, [Symbol.asyncDispose]: () => everything.disposeAsync() };
}

async function startOnFreePorts(config: LocalConfig, edge: LocalEdge): Promise<RunningLocal> {
  const pickedByUs = new Set([config.apiPort === 0 && 'PORT', config.sandboxPort === 0 && 'SANDBOX_PORT']);
  for (let attempt = 1; ; attempt++) {
    const apiPort = await choosePort(config.apiPort, 'PORT', config.host);
    const sandboxPort = await choosePort(config.sandboxPort, 'SANDBOX_PORT');
    try {
      return await startOnPorts(config, edge, { apiPort, sandboxPort });
    } catch (error) {
      const taken = portFaultOf(error, { PORT: apiPort, SANDBOX_PORT: sandboxPort });
      if (taken === null) throw error;
      if (!pickedByUs.has(taken.variable) || attempt === portAttemptsMax) throw taken.fault;
    }
  }
}

async function startOnPorts(config: LocalConfig, edge: LocalEdge, ports: LocalPorts): Promise<RunningLocal> {
  await using starting = new AsyncDisposableStack();
  const logPath = join(config.dataDir, 'logs', 'vibetribe.jsonl');
  const destination = starting.use(await openLogOutput({ path: logPath, print: (line) => edge.print(line) }));
  const loggerOf = (app: string) => createLogger({ app, level: config.logLevel, destination });

  edge.print('Starting ...');
  const secrets = await loadSecrets(config);
  const database = starting.use(await openDatabase(config, loggerOf('local')));
  edge.signal.throwIfAborted();

  // Loading all the apps takes longer than everything before: what can be refused has been refused by now.
  const [{ startApps }, { prepareAdminLogin }] = await Promise.all([
    import('./start-apps.ts'),
    import('./admin-login.ts'),
  ]);
  edge.signal.throwIfAborted();
  const api = httpOrigin(config.host, ports.apiPort);
  const sandbox = `http://127.0.0.1:${ports.sandboxPort}`;
  const environment = appEnvironment(config, secrets, { databaseUrl: database.url, apiUrl: api, sandboxUrl: sandbox });
  starting.use(await startApps({ environment, ports, loggerOf, signal: edge.signal }));

  const login = { email: config.adminEmail, password: secrets.adminPassword };
  const { apiKey } = await prepareAdminLogin({
    databaseUrl: database.url,
    rolePrefix: config.environment['DB_ROLE_PREFIX'],
    ...login,
    logger: loggerOf('local'),
  });
  await waitUntilHealthy(`${api}/api/v1/health`, edge.signal);
  const endpoints: Endpoints = { api, sandbox, databaseUrl: database.url, ...login, apiKey, pid: edge.pid };
  starting.use(await publishEndpoints(config.dataDir, endpoints));
  const running = starting.move();
  return { endpoints, logPath, databaseLost: database.lost, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
