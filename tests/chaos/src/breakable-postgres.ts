import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { type RunningPostgres, startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { endWithParent } from '@vibetribe/testkit/end-with-parent';
import pg from 'pg';

/** A PostgreSQL of our own that may be crashed; its address stays. */
export interface BreakablePostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Immediate shutdown: no checkpoint, no farewell; recovery at the next start. Resolves when it serves again. */
  crash(downMs: number): Promise<void>;
  /** Runs SQL on a connection of its own. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** A connection of its own, for faults that hold something for a while. */
  connect(): Promise<pg.Client>;
}

export const postgresConnectionsMax = 250;

export async function startBreakablePostgres(): Promise<BreakablePostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-chaos-postgres-'));
  // The server runs as another account when we run as root.
  await chmod(dataDir, 0o711);
  const start = (port?: number) =>
    startPostgresServer({
      dataDir,
      durable: false,
      maxConnections: postgresConnectionsMax,
      // The machine stays up, so fsync adds nothing; but what was acknowledged must have left the process.
      extraOptions: { synchronous_commit: 'on' },
      log: () => undefined,
      ...(port === undefined ? {} : { port }),
    });
  let server: RunningPostgres = await start();
  let guard = endWithParent(server.pid, 'INT');
  const { url, port } = server;

  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    // It may be lost while it is idle; the next query tells.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const stop = async () => {
    guard[Symbol.dispose]();
    await server.stop();
  };
  return {
    url,
    port,
    connect,
    async sql(text) {
      const client = await connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    },
    async crash(downMs) {
      process.kill(server.pid, 'SIGQUIT');
      await server.exited;
      await stop();
      if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
      server = await start(port);
      guard = endWithParent(server.pid, 'INT');
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await removePostgresData(dataDir);
    },
  };
}
