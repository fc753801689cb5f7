import { join } from 'node:path';
import { parseApiConfig } from '@vibetribe/api/config';
import { startApi } from '@vibetribe/api/start-api';
import { parseCronConfig } from '@vibetribe/cron/config';
import { startCron } from '@vibetribe/cron/start-cron';
import { createLogger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';
import { readSandboxConfig } from '@vibetribe/sandbox/config';
import { startSandbox } from '@vibetribe/sandbox/start-sandbox';
import { prepareAdminLogin } from './admin-login.ts';
import { appEnvironment } from './app-environment.ts';
import { choosePort, portFaultOf } from './choose-port.ts';
import type { LocalConfig } from './config.ts';
import { type Endpoints, publishEndpoints, withdrawEndpoints } from './endpoints-file.ts';
import { loadSecrets } from './local-secrets.ts';
import { openLogOutput } from './log-output.ts';
import { openDataDir } from './open-data-dir.ts';
import { openDatabase } from './open-database.ts';
import { runMigrations } from '@vibetribe/migrate/run-migrations';
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

/**
 * Runs the whole system in this process, over an embedded PostgreSQL unless an outside one is configured. Resolves once it is
 * healthy. Disposing stops the apps in order and the database last.
 * @throws StartFault, or EnvironmentFault of an app
 */
export async function startLocal(config: LocalConfig, edge: LocalEdge): Promise<RunningLocal> {
  await using starting = new AsyncDisposableStack();
  starting.use(await openDataDir(config.dataDir));
  await withdrawEndpoints(config.dataDir);
  const apiPort = await choosePort(config.apiPort, 'PORT');
  const sandboxPort = await choosePort(config.sandboxPort, 'SANDBOX_PORT');
  try {
    return await startOnPorts(config, edge, { apiPort, sandboxPort }, starting);
  } catch (error) {
    const variables = new Map([
      [apiPort, 'PORT'],
      [sandboxPort, 'SANDBOX_PORT'],
    ]);
    throw portFaultOf(error, variables) ?? error;
  }
}

async function startOnPorts(
  config: LocalConfig,
  edge: LocalEdge,
  ports: { apiPort: number; sandboxPort: number },
  starting: AsyncDisposableStack,
): Promise<RunningLocal> {
  const logPath = join(config.dataDir, 'logs', 'vibetribe.jsonl');
  const destination = starting.use(openLogOutput({ path: logPath, print: (line) => edge.print(line) }));
  const loggerOf = (app: string) => createLogger({ app, level: config.logLevel, destination });
  const logger = loggerOf('local');

  const secrets = await loadSecrets(config);
  const database = starting.use(await openDatabase(config, logger));
  edge.signal.throwIfAborted();
  await runMigrations({ databaseUrl: database.url, logger });
  edge.signal.throwIfAborted();

  const addresses = {
    databaseUrl: database.url,
    apiUrl: `http://127.0.0.1:${ports.apiPort}`,
    sandboxUrl: `http://127.0.0.1:${ports.sandboxPort}`,
  };
  const shared = appEnvironment(config, secrets, addresses);
  const environmentOn = (port: number) => ({ ...shared, PORT: String(port), SANDBOX_PORT: String(ports.sandboxPort) });
  const apiConfig = parseApiConfig(environmentOn(ports.apiPort));
  const publisherConfig = parsePublisherConfig(environmentOn(0));
  const cronConfig = parseCronConfig(environmentOn(0));

  // It writes its own lines to the terminal: only what went wrong.
  starting.use(await startSandbox({ ...readSandboxConfig(environmentOn(0)), logLevel: 'error' }));
  edge.signal.throwIfAborted();
  starting.use(await startPublisher(publisherConfig, loggerOf('publisher')));
  edge.signal.throwIfAborted();
  starting.use(await startCron(cronConfig, loggerOf('cron')));
  edge.signal.throwIfAborted();
  starting.use(await startApi(apiConfig, loggerOf('api')));
  edge.signal.throwIfAborted();

  const login = { email: config.adminEmail, password: secrets.adminPassword };
  const { apiKey } = await prepareAdminLogin({ databaseUrl: database.url, ...login, logger });
  const endpoints: Endpoints = {
    api: addresses.apiUrl,
    sandbox: addresses.sandboxUrl,
    databaseUrl: database.url,
    ...login,
    apiKey,
    pid: edge.pid,
  };
  await waitUntilHealthy(`${addresses.apiUrl}/api/v1/health`, edge.signal);
  starting.use(await publishEndpoints(config.dataDir, endpoints));
  const running = starting.move();
  return { endpoints, logPath, databaseLost: database.lost, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
