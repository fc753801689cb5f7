import { join } from 'node:path';
import { PostgresServerError } from '@vibetribe/postgres-server/postgres-server-error';
import { type RunningPostgres, startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import type { LocalConfig } from './config.ts';
import { StartError } from './start-error.ts';

export interface LocalDatabase extends AsyncDisposable {
  /** Holds the password. */
  readonly url: string;
  /** Resolves when the database is gone and could not be started again: nothing can go on without it. */
  readonly lost: Promise<unknown>;
}

export interface DatabaseLog {
  info(message: string): void;
  warn(message: string): void;
}

const shortLifeMs = 10_000;
const shortLivesMax = 3;

/**
 * The outside database that is configured, or an embedded PostgreSQL below the data directory. The embedded one is started
 * again on the same port when it ends unasked.
 * @throws StartError
 */
export async function openDatabase(
  config: Pick<LocalConfig, 'dataDir' | 'databaseUrl'>,
  log: DatabaseLog,
): Promise<LocalDatabase> {
  if (config.databaseUrl !== undefined) {
    return {
      url: config.databaseUrl,
      lost: new Promise(() => undefined),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const start = (port?: number) =>
    startPostgresServer({
      dataDir: join(config.dataDir, 'postgres'),
      ...(port === undefined ? {} : { port }),
      log: (message) => log.info(message),
    });
  try {
    return keepRunning(await start(), start, log);
  } catch (cause) {
    if (!(cause instanceof PostgresServerError)) throw cause;
    throw new StartError(cause.message, { cause });
  }
}

function keepRunning(
  first: RunningPostgres,
  start: (port: number) => Promise<RunningPostgres>,
  log: DatabaseLog,
): LocalDatabase {
  let server = first;
  let stopping = false;
  const watch = async (): Promise<unknown> => {
    for (let shortLives = 0; shortLives < shortLivesMax;) {
      const startedAtMs = performance.now();
      await server.exited;
      if (stopping) return undefined;
      shortLives = performance.now() - startedAtMs < shortLifeMs ? shortLives + 1 : 0;
      log.warn('The database ended unasked; starting it again.');
      await server.stop();
      server = await start(server.port);
      // Whoever stopped it meanwhile has stopped the one before.
      if (stopping) return server.stop();
    }
    return new Error(`The database ended unasked ${shortLivesMax} times in a row.`);
  };
  const watched = watch().catch((error: unknown) => error);
  return {
    url: first.url,
    lost: watched.then((reason) => (reason === undefined ? new Promise(() => undefined) : reason)),
    async [Symbol.asyncDispose]() {
      stopping = true;
      await server.stop();
      await watched;
    },
  };
}
