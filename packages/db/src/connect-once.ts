import pg from 'pg';
import { connectionConfig } from './connection-config.ts';
import { applySettings, type SessionSettings } from './session-settings.ts';

export interface SingleConnection extends AsyncDisposable {
  readonly client: pg.Client;
}

/** One connection outside of any pool, as the login itself: it sees tables that row-level security leaves open, and no tenant's rows. */
export async function connectOnce(options: {
  readonly databaseUrl: string;
  readonly applicationName: string;
  readonly settings?: SessionSettings;
  /** For a connection that is idle for long: one that was cut silently is noticed. */
  readonly keepAlive?: boolean;
  /** Statements are sent without waiting for the answers of those before. */
  readonly pipeline?: boolean;
}): Promise<SingleConnection> {
  const { client: config, settings } = connectionConfig(options.databaseUrl);
  const Client: new (config: pg.PoolConfig) => pg.ClientBase = config.Client ?? pg.Client;
  const client = new Client({
    ...config,
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: options.keepAlive ?? false,
    keepAliveInitialDelayMillis: 10_000,
    pipeline: options.pipeline ?? false,
  }) as pg.Client;
  // A connection that is lost between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await applySettings(client, { ...settings, ...options.settings });
  } catch (error) {
    await client.end();
    throw error;
  }
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
