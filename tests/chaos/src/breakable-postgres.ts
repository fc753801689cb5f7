import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { type RunningPostgres, startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { endWithParent } from '@vibetribe/testkit/end-with-parent';
import pg from 'pg';
import { copyRunningCluster, putBackCluster } from './database-copy.ts';

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

/** What was committed in between, by this machine's clock, may be gone since. */
export interface Rewind {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A PostgreSQL of our own that may be crashed; its address stays. */
export interface BreakablePostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Immediate shutdown: no checkpoint, no farewell; recovery at the next start. Resolves when it serves again. */
  crash(downMs: number, clock?: DatabaseClock): Promise<void>;
  /** Each change of its clock, oldest first. */
  clockPeriods(): readonly ClockPeriod[];
  /** A base backup of now. */
  takeCopy(): Promise<DatabaseCopy>;
  /** For so long commits are acknowledged before they are on disk; then it crashes. */
  loseCommits(forMs: number): Promise<void>;
  /** Each time it went back, oldest first. */
  rewinds(): readonly Rewind[];
  /** Runs SQL on a connection of its own. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** A connection of its own, for faults that hold something for a while. */
  connect(): Promise<pg.Client>;
  /** It stands on a small disk that can be filled; false where we may not mount one. */
  readonly hasOwnDisk: boolean;
  /** Leaves no room on it. `end` makes room, and starts the server again where it has ended. */
  fillDisk(): Promise<{ end(): Promise<void> }>;
}

interface DatabaseCopy {
  /** The server is stopped at once, and started on the copy. */
  putBack(downMs: number): Promise<void>;
  discard(): Promise<void>;
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
  const rewinds: Rewind[] = [];
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
  const stopAtOnce = async () => {
    if (!hasEnded) process.kill(server.pid, 'SIGQUIT');
    await server.exited;
    await stop();
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
  const sql = async (text: string) => {
    const client = await connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const running = starting.move();
  return {
    url,
    port,
    connect,
    hasOwnDisk,
    clockPeriods: () => periods,
    sql,
    rewinds: () => rewinds,
    async takeCopy() {
      const path = join(folder, 'copy');
      const cluster = await realpath(join(dataDir, 'cluster'));
      const client = await connect();
      // Nothing that was committed before it is lost: the copy has the log up to its end.
      const fromMs = Date.now();
      try {
        await copyRunningCluster(client, cluster, path);
      } finally {
        await client.end();
      }
      return {
        async putBack(downMs) {
          await stopAtOnce();
          await putBackCluster(path, cluster);
          await delay(downMs);
          await startAgain();
          rewinds.push({ fromMs, untilMs: Date.now() });
        },
        discard: () => rm(path, { recursive: true, force: true }),
      };
    },
    async loseCommits(forMs) {
      const fromMs = Date.now();
      await sql('alter role current_user set synchronous_commit = off');
      await sql(`alter system set wal_writer_delay = '10s'`);
      await sql(`alter system set wal_writer_flush_after = '1GB'`);
      await sql('select pg_reload_conf()');
      // A setting of the role holds for connections that are made from now on.
      await sql(`select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`);
      await delay(forMs);
      await stopAtOnce();
      await startAgain();
      rewinds.push({ fromMs, untilMs: Date.now() });
      await sql('alter role current_user reset synchronous_commit');
      await sql('alter system reset all');
      await sql('select pg_reload_conf()');
      await sql(`select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`);
    },
    async crash(downMs, next = clock) {
      await stopAtOnce();
      if (next.offsetSeconds !== clock.offsetSeconds)
        periods.push({ fromMs: Date.now(), offsetMs: next.offsetSeconds * 1_000 });
      clock = next;
      await delay(downMs);
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
          await stopAtOnce();
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
    await delay(200);
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
