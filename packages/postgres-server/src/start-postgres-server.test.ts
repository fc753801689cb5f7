import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findClusterProcesses } from './cluster-processes.ts';
import { removePostgresData } from './remove-postgres-data.ts';
import { chooseServerAccount } from './server-account.ts';
import { PostgresServerError } from './postgres-server-error.ts';
import { startPostgresServer, type PostgresServerOptions, type RunningPostgres } from './start-postgres-server.ts';

const isRoot = userInfo().uid === 0;
let parent: string;
let dataDir: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'postgres-server-'));
  await chmod(parent, 0o711);
  dataDir = join(parent, 'data');
});

afterEach(async () => {
  await removePostgresData(dataDir);
  await rm(parent, { recursive: true });
});

describe('startPostgresServer', { timeout: 60_000 }, () => {
  test('a restart finds its data, its password and its port again', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(await findClusterProcesses(join(dataDir, 'cluster'))).toEqual([]);

    await using second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('it listens on the loopback address only, with checksums, UTF8, scram and durable commits', async () => {
    await using server = await start();
    const settings = await query(
      server.url,
      `select name, setting from pg_settings where name in ('listen_addresses','unix_socket_directories','data_checksums','server_encoding','fsync','synchronous_commit','max_connections')`,
    );
    expect(Object.fromEntries(settings.map((row) => [row['name'], row['setting']]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      data_checksums: 'on',
      server_encoding: 'UTF8',
      fsync: 'on',
      synchronous_commit: 'on',
      max_connections: '300',
    });
    const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
  });

  test('a server left behind by a killed parent is taken over with its data', async () => {
    const script = `
      import { startPostgresServer } from ${JSON.stringify(join(import.meta.dirname, 'start-postgres-server.ts'))}
      const server = await startPostgresServer({ dataDir: process.argv[1], log() {} })
      console.log(JSON.stringify({ pid: server.pid, url: server.url }))
      setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    const left: { pid: number; url: string } = JSON.parse(String(line));
    await query(left.url, 'create table kept as select 1 as answer');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await query(left.url, 'select answer from kept')).toHaveLength(1);

    await using server = await start();
    expect(server.pid).not.toBe(left.pid);
    expect(await query(server.url, 'select answer from kept')).toHaveLength(1);
    expect(await findClusterProcesses(join(dataDir, 'cluster'))).not.toContain(left.pid);
  });

  test('after kill -9 of the server the next start recovers what was committed', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 7 as answer');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await first.stop();

    await using second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 7 }]);
  });

  test('a pid file that names a living process of another program does not keep it from starting', async () => {
    const first = await start();
    await first.stop();
    const account = await chooseServerAccount(join(dataDir, 'cluster'));
    const stranger = spawn('/bin/sleep', ['60'], { cwd: '/', stdio: 'ignore', ...account });
    await once(stranger, 'spawn');
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${stranger.pid}\n${join(dataDir, 'cluster')}\n1\n`);
    try {
      await using second = await start();
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('of two starts at once on the same data one serves and the other says so in one sentence', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    const started = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    try {
      expect(started).toHaveLength(1);
      expect(refused[0]?.reason).toBeInstanceOf(PostgresServerError);
      expect(refused[0]?.reason).toMatchObject({
        message: expect.stringMatching(/in use by another running instance/),
      });
    } finally {
      for (const outcome of started) await outcome.value.stop();
    }
  });

  test('a taken port is refused when demanded and left when only remembered', async () => {
    const first = await start();
    await first.stop();
    const occupant = createServer().listen(first.port, '127.0.0.1');
    await once(occupant, 'listening');
    try {
      await expect(start({ port: first.port })).rejects.toThrow(`Port ${first.port} on 127.0.0.1 is taken`);
      await using second = await start();
      expect(second.port).not.toBe(first.port);
    } finally {
      occupant.close();
    }
  });

  test("a refused setting is reported with the server's own reason, and the lock is free again", async () => {
    await expect(start({ extraOptions: { shared_buffers: 'plenty' } })).rejects.toThrow(/shared_buffers/);
    await using server = await start();
    expect(server.pid).toBeGreaterThan(1);
  });

  test.skipIf(!isRoot)(
    'as root below a 0700 directory it serves, restarts, and keeps its data private (needs root)',
    async () => {
      await chmod(parent, 0o700);
      const first = await start();
      await query(first.url, 'create table kept as select 3 as answer');
      await first.stop();
      expect((await lstat(join(dataDir, 'cluster'))).isSymbolicLink()).toBe(true);
      const home = dirname(await realpath(join(dataDir, 'cluster')));
      expect((await stat(home)).mode & 0o777).toBe(0o700);

      await using second = await start();
      expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 3 }]);
    },
  );

  test.skipIf(!isRoot)(
    'data whose directory was closed since is moved where the server may go (needs root)',
    async () => {
      const first = await start();
      await query(first.url, 'create table kept as select 4 as answer');
      await first.stop();
      await chmod(parent, 0o700);

      await using second = await start();
      expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 4 }]);
      expect((await lstat(join(dataDir, 'cluster'))).isSymbolicLink()).toBe(true);
    },
  );

  test.skipIf(!isRoot)('data outside does not come back when its directory was deleted (needs root)', async () => {
    await chmod(parent, 0o700);
    const first = await start();
    await query(first.url, 'create table kept as select 5 as answer');
    await first.stop();
    await rm(dataDir, { recursive: true });

    await using second = await start();
    expect(second.url).not.toBe(first.url);
    await expect(query(second.url, 'select answer from kept')).rejects.toMatchObject({ code: '42P01' });
  });

  test.skipIf(!isRoot)('a move that was cut off between its two renames is finished (needs root)', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 6 as answer');
    await first.stop();
    await chmod(parent, 0o700);
    const second = await start();
    await second.stop();
    await rename(join(dataDir, 'cluster'), join(dataDir, 'cluster.link'));
    await mkdir(join(dataDir, 'cluster.moved'));

    await using third = await start();
    expect(await query(third.url, 'select answer from kept')).toEqual([{ answer: 6 }]);
    expect(await stat(join(dataDir, 'cluster.moved')).catch(() => null)).toBeNull();
  });

  test('a first start that was cut off begins again', async () => {
    await mkdir(join(dataDir, 'cluster.new'), { recursive: true });
    await chmod(dataDir, 0o711);
    await writeFile(join(dataDir, 'cluster.new', 'PG_VERSION'), '18\n');
    await using server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readFile(join(dataDir, 'cluster', 'PG_VERSION'), 'utf8')).toBe('18\n');
  });
});

function start(options: Partial<PostgresServerOptions> = {}): Promise<RunningPostgres> {
  return startPostgresServer({ dataDir, log: () => undefined, ...options });
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
