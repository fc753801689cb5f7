import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { type RunningPostgres, startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { endWithParent } from '@vibetribe/testkit/end-with-parent';
import pg from 'pg';

interface DatabaseClock {
  readonly offsetSeconds: number;
  /** Of a server whose clock is off by that. */
  readonly env: Readonly<Record<string, string>>;
}

/** When the database's clock was off, by this machine's clock. */
export interface ClockPeriod {
  readonly fromMs: number;
  readonly offsetMs: number;
}

/** A PostgreSQL of our own that may be crashed; its address stays. */
export interface BreakablePostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Immediate shutdown: no checkpoint, no farewell; recovery at the next start. Resolves when it serves again. */
  crash(downMs: number, clock?: DatabaseClock): Promise<void>;
  /** Each change of its clock, oldest first. */
  clockPeriods(): readonly ClockPeriod[];
  /** Runs SQL on a connection of its own. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** A connection of its own, for faults that hold something for a while. */
  connect(): Promise<pg.Client>;
  /** It stands on a small disk that can be filled; false where we may not mount one. */
  readonly hasOwnDisk: boolean;
  /** Leaves no room on it. `end` makes room, and starts the server again where it has ended. */
  fillDisk(): Promise<{ end(): Promise<void> }>;
}

const postgresConnectionsMax = 250;
const diskMegabytes = 1_500;
const rightClock: DatabaseClock = { offsetSeconds: 0, env: {} };

export async function startBreakablePostgres(): Promise<BreakablePostgres> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'vibetribe-chaos-postgres-'));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  // The server runs as another account when we run as root.
  await chmod(folder, 0o711);
  const disk = join(folder, 'disk');
  await mkdir(disk, { mode: 0o711 });
  const hasOwnDisk = await mountDisk(disk);
  if (hasOwnDisk) starting.defer(() => unmount(disk));
  const dataDir = join(disk, 'data');
  const start = (env: DatabaseClock['env'], port?: number) =>
    startPostgresServer({
      dataDir,
      durable: false,
      maxConnections: postgresConnectionsMax,
      // The machine stays up, so fsync adds nothing; but what was acknowledged must have left the process.
      extraOptions: { synchronous_commit: 'on', max_wal_size: '256MB' },
      log: () => undefined,
      env,
      ...(port === undefined ? {} : { port }),
    });
  let server: RunningPostgres = await start({});
  let guard = endWithParent(server.pid, 'INT');
  let clock = rightClock;
  let hasEnded = false;
  const periods: ClockPeriod[] = [];
  const { url, port } = server;
  const watch = () => {
    hasEnded = false;
    const watched = server;
    void watched.exited.then(() => {
      if (server === watched) hasEnded = true;
    });
  };
  watch();

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
  const startAgain = async () => {
    server = await start(clock.env, port);
    guard = endWithParent(server.pid, 'INT');
    watch();
  };
  starting.defer(async () => {
    await stop();
    await removePostgresData(dataDir);
  });
  const running = starting.move();
  return {
    url,
    port,
    connect,
    hasOwnDisk,
    clockPeriods: () => periods,
    async sql(text) {
      const client = await connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    },
    async crash(downMs, next = clock) {
      if (!hasEnded) process.kill(server.pid, 'SIGQUIT');
      await server.exited;
      await stop();
      if (next.offsetSeconds !== clock.offsetSeconds)
        periods.push({ fromMs: Date.now(), offsetMs: next.offsetSeconds * 1_000 });
      clock = next;
      if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
      await startAgain();
    },
    async fillDisk() {
      const path = join(disk, 'ballast');
      const ballast = await open(path, 'w');
      const block = Buffer.alloc(1024 * 1024);
      for (let full = false; !full;) {
        full = await ballast.write(block).then(
          ({ bytesWritten }) => bytesWritten < block.length,
          () => true,
        );
      }
      await ballast.close();
      return {
        async end() {
          await rm(path, { force: true });
          if (!hasEnded && (await answers(connect))) return;
          if (!hasEnded) process.kill(server.pid, 'SIGQUIT');
          await server.exited;
          await stop();
          await startAgain();
        },
      };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const answerTimeoutMs = 10_000;

/** It may be in recovery still. */
async function answers(connect: () => Promise<pg.Client>): Promise<boolean> {
  const deadlineMs = Date.now() + answerTimeoutMs;
  while (Date.now() < deadlineMs) {
    const client = await connect().catch(() => null);
    if (client !== null) {
      await client.end();
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

const run = promisify(execFile);

async function mountDisk(path: string): Promise<boolean> {
  return run('mount', ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m,mode=0711`, 'chaos', path]).then(
    () => true,
    () => false,
  );
}

async function unmount(path: string): Promise<void> {
  await run('umount', ['-l', path]).catch(() => undefined);
}
