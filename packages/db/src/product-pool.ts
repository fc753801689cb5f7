import pg from 'pg';
import { applySettings, type SessionSettings } from './session-settings.ts';

/** No connection was to be had: the pool is exhausted, or the server did not let us in in time. Nothing was executed. */
export class ConnectionUnavailableError extends Error {
  override readonly name = 'ConnectionUnavailableError';
  readonly code = 'connection_unavailable';
}

/** The connection ended, or fell silent, under a transaction. It was rolled back, unless it was lost in its commit: then it may stand. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'connection_lost';
}

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

/** The one place where connections are taken. The pool's own errors have neither a class nor a code: here they get both. */
export class ProductPool extends pg.Pool {
  /** @param settings made on each connection before it is given out */
  constructor(config: pg.PoolConfig, settings: SessionSettings) {
    const onConnect = (client: pg.ClientBase) => applySettings(client, settings);
    super(Object.assign({ ...config }, { onConnect }));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | void {
    if (taken === undefined) {
      return super.connect().catch((error: unknown) => {
        throw asUnavailable(error);
      });
    }
    super.connect((error, client, release) =>
      taken(error === undefined || error === null ? undefined : asUnavailable(error), client, release),
    );
  }
}

/** What the server or the network said has a code, and stays as it is. */
function asUnavailable(error: unknown): Error {
  if (error instanceof Error && typeof Reflect.get(error, 'code') === 'string') return error;
  return new ConnectionUnavailableError('no connection to the database could be taken', { cause: error });
}
