import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { type Client, registerClient } from './client.ts';
import { type TestStack, startTestStack } from './test-stack.ts';

const megabyte = 1024 * 1024;
const boundary = 'vibetribe-upload';
const head = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n`);
const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
/** Of the API's connections to PostgreSQL, which come and go by themselves. */
const poolMax = 20;

test.skipIf(process.platform !== 'linux')(
  '500 uploads broken off at 99 % leave no file, no descriptor and no row',
  { timeout: 120_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: null,
      publishers: 0,
      env: { DB_POOL_MAX: String(poolMax) },
    });
    const client = await registerClient(system.api);
    const film = movie({ dataBytes: 600_000 });
    await (await breakOff(system, client, film, 50)).settled();
    const before = await descriptorsOf(system);

    let begun = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      const broken = await breakOff(system, client, film, 50);
      begun += broken.begun;
      await broken.settled();
    }
    expect(begun).toBe(500);
    expect(await filesIn(system, 'incoming')).toEqual([]);
    expect(await filesIn(system, 'originals')).toEqual([]);
    expect(await rowsOf(system)).toEqual({ media: '0', objects: '0' });
    await waitFor(async () => (await descriptorsOf(system)).length <= before.length + poolMax, {
      describe: () => 'the connections to be closed',
    });
    const openFiles = (await descriptorsOf(system)).filter((target) => target.startsWith(system.dataDir));
    expect(openFiles).toEqual(before.filter((target) => target.startsWith(system.dataDir)));

    await sendWhole(system, client, film);
    expect(await rowsOf(system)).toEqual({ media: '1', objects: '1' });
  },
);

test.skipIf(process.platform !== 'linux')(
  'a video of 100 MB raises the memory of an API at work by less than 40 MB, ten at once by less than 150 MB',
  { timeout: 170_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: null,
      publishers: 0,
    });
    const client = await registerClient(system.api);
    const large = movie({ dataBytes: 100 * megabyte - 2_000 });
    const send = () => sendWhole(system, client, large);
    // A fresh process enlarges the room for its young objects, once, whatever the uploads' size is.
    const small = movie({ dataBytes: 2 * megabyte });
    for (let count = 0; count < 60; count += 1) await sendWhole(system, client, small);

    const one = await memoryRise(system, send);
    const ten = await memoryRise(system, () => Promise.all(Array.from({ length: 10 }, send)));
    process.stdout.write(
      `memory of the API's process: one video of 100 MB +${one.toFixed(0)} MB, ten at once +${ten.toFixed(0)} MB\n`,
    );
    expect(one).toBeLessThan(40);
    expect(ten).toBeLessThan(150);
    expect(await rowsOf(system)).toEqual({ media: '71', objects: '71' });
  },
);

/** Sends 99 % of so many uploads at once, and hangs up on all of them when each has arrived in quarantine. */
async function breakOff(system: TestStack, client: Client, film: Buffer, count: number) {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(system, client, film)));
  await Promise.all(sockets.map((socket) => write(socket, film.subarray(0, Math.floor(film.length * 0.99)))));
  const arrived = async () => (await filesIn(system, 'incoming')).length;
  await waitFor(async () => (await arrived()) === count, {
    timeoutMs: 20_000,
    describe: () => `${count} uploads to be under way\n${system.output()}`,
  });
  const begun = await arrived();
  for (const socket of sockets) socket.destroy();
  const settled = () =>
    waitFor(async () => (await arrived()) === 0, { timeoutMs: 20_000, describe: () => 'the quarantine to be empty' });
  return { begun, settled };
}

async function sendWhole(system: TestStack, client: Client, film: Buffer): Promise<void> {
  const socket = await open(system, client, film);
  // No two of them have the same content.
  for (const piece of [film.subarray(0, -16), randomBytes(16), tail]) await write(socket, piece);
  const answer = await text(socket);
  if (!answer.startsWith('HTTP/1.1 201')) throw new Error(`the upload was answered: ${answer.slice(0, 500)}`);
}

async function open(system: TestStack, client: Client, film: Buffer): Promise<Socket> {
  const { hostname, port, pathname } = new URL(`${system.api}/media/upload`);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const headers = {
    host: hostname,
    authorization: `Bearer ${client.token}`,
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': head.length + film.length + tail.length,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  await write(socket, Buffer.concat([Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), head]));
  return socket;
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));
}

async function filesIn({ dataDir }: TestStack, place: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'media', place), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** What the API's process has open, as the system tells it. */
async function descriptorsOf({ apiPids: [pid] }: TestStack): Promise<string[]> {
  const directory = `/proc/${pid}/fd`;
  const targets = await Promise.all(
    (await readdir(directory)).map((name) => readlink(join(directory, name)).catch(() => null)),
  );
  return targets.flatMap((target) => target ?? []);
}

async function rowsOf({ databaseUrl }: TestStack): Promise<unknown> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      'select (select count(*) from media) as media, (select count(*) from media_objects) as objects',
    );
    return rows[0];
  } finally {
    await client.end();
  }
}

/** How far the most memory that the API's process held meanwhile lies above what it held before, MB. */
async function memoryRise({ apiPids: [pid] }: TestStack, work: () => Promise<unknown>): Promise<number> {
  const read = async (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
  // Sets the most back to what it is now: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await read('VmRSS');
  await work();
  return Math.max(0, (await read('VmHWM')) - before) / 1024;
}
