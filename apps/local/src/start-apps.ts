import { parseApiConfig } from '@vibetribe/api/config';
import { startApi } from '@vibetribe/api/start-api';
import { parseCronConfig } from '@vibetribe/cron/config';
import { startCron } from '@vibetribe/cron/start-cron';
import { runMigrations } from '@vibetribe/migrate/run-migrations';
import type { Logger } from '@vibetribe/observability/logger';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { startPublisher } from '@vibetribe/publisher/start-publisher';
import { readSandboxConfig } from '@vibetribe/sandbox/config';
import { startSandbox } from '@vibetribe/sandbox/start-sandbox';
import type { Environment } from './config.ts';

export interface LocalPorts {
  readonly apiPort: number;
  readonly sandboxPort: number;
}

/**
 * Migrates the database and starts every app on it, the API last. Disposing stops them in the reverse order.
 * @param signal aborted: what has been started is stopped again
 * @throws EnvironmentError of an app, or what kept one from starting
 */
export async function startApps(options: {
  environment: Environment & { DATABASE_URL: string };
  ports: LocalPorts;
  loggerOf: (app: string) => Logger;
  signal: AbortSignal;
}): Promise<AsyncDisposable> {
  const { environment, ports, loggerOf, signal } = options;
  const onPort = (port: number) => ({ ...environment, PORT: String(port), SANDBOX_PORT: String(ports.sandboxPort) });
  const apiConfig = parseApiConfig(onPort(ports.apiPort));
  const publisherConfig = parsePublisherConfig(onPort(0));
  const cronConfig = parseCronConfig(onPort(0));
  const sandboxConfig = readSandboxConfig(onPort(0));

  await using starting = new AsyncDisposableStack();
  await runMigrations({
    databaseUrl: environment.DATABASE_URL,
    rolePrefix: apiConfig.dbRolePrefix,
    logger: loggerOf('local'),
  });
  signal.throwIfAborted();
  // It writes its own lines to the terminal: only what went wrong.
  const sandbox = starting.use(await startSandbox({ ...sandboxConfig, logLevel: 'error' }));
  const smtpUrl = apiConfig.smtpUrl ?? sandbox.hosts['smtp'] ?? null;
  signal.throwIfAborted();
  starting.use(await startPublisher(publisherConfig, loggerOf('publisher')));
  signal.throwIfAborted();
  starting.use(await startCron({ ...cronConfig, smtpUrl }, loggerOf('cron')));
  signal.throwIfAborted();
  starting.use(await startApi({ ...apiConfig, smtpUrl }, loggerOf('api')));
  signal.throwIfAborted();
  return starting.move();
}
