import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { connectDatabase } from './connect-database.ts';
import { openMigratedDatabase } from './testing/migrated-database.ts';

/** A way to the server on which everything can be lost without a sign. */
async function openSilentWay(databaseUrl: string) {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined).on('close', () => isSilent || to.destroy());
      from.on('data', (chunk) => isSilent || to.write(chunk));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    setSilent: (wanted: boolean) => void (isSilent = wanted),
    [Symbol.asyncDispose]: async () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}

test('a connection that falls silent in a transaction fails it, and does not cost the pool its place', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'));
  await using way = await openSilentWay(database.url);
  await using db = connectDatabase({
    databaseUrl: way.url,
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    connectTimeoutMs: 1_000,
    answerTimeoutMs: 300,
    onError: () => undefined,
  });
  const work = db.asWorker(async (tx) => {
    await tx.execute(sql`select 1`);
    way.setSilent(true);
    await tx.execute(sql`select 1`);
  });
  await expect(work).rejects.toThrow(Error);
  way.setSilent(false);
  expect(await db.ping()).toBeGreaterThan(0);
});
