import { readFile } from 'node:fs/promises';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { startLiveSystem, type LiveSystem } from './live-system.ts';

let system: LiveSystem;
const opened: WebSocket[] = [];

beforeAll(async () => {
  system = await startLiveSystem({ postgresUrl: inject('postgresUrl'), redisUrl: null });
}, 120_000);
afterAll(async () => {
  for (const socket of opened) socket.terminate();
  await system[Symbol.asyncDispose]();
});

interface Frame {
  readonly type: string;
  readonly data?: { readonly connectionId?: string; readonly postId?: string };
}

/** A socket at a replica, once it was greeted; `hear` gets what comes. */
async function connect(replica: 0 | 1, token = system.token, hear: (frame: Frame) => void = () => undefined) {
  const origin = system.apis[replica].origin() ?? '';
  const answer = await fetch(`${origin}/api/v1/auth/ws-ticket`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  const { ticket } = (await answer.json()) as { ticket: string };
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api/v1/ws?ticket=${ticket}`);
  opened.push(socket);
  const greeted = Promise.withResolvers<void>();
  socket.on('error', () => undefined);
  socket.on('close', () => greeted.reject(new Error('the socket was closed')));
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data as Buffer)) as Frame;
    if (frame.type === 'hello') greeted.resolve();
    hear(frame);
  });
  await greeted.promise;
  return socket;
}

/** MB of memory that the process holds. */
async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function inTurns<Item, Result>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  for (let index = 0; index < items.length; index += atOnce)
    results.push(...(await Promise.all(items.slice(index, index + atOnce).map(work))));
  return results;
}

test(
  '300 sockets that send as much as they can while nothing can be answered cost the process little memory',
  { timeout: 180_000 },
  async () => {
    const pid = system.apis[0].pid();
    const sockets = await inTurns(Array.from({ length: 300 }), 20, () => connect(0));
    const before = await residentMegabytes(pid);
    // Whatever asks for a post waits.
    const lock = system.hold('lock table posts in access exclusive mode');
    await lock.held;
    const large = JSON.stringify({
      type: 'subscribe-post-updates',
      data: { postId: 'pst_none' },
      ref: 'x'.repeat(60_000),
    });
    const small = JSON.stringify({ type: 'subscribe-post-updates', data: { postId: 'pst_none' } });
    let most = before;
    for (let burst = 0; burst < 20; burst += 1) {
      for (const socket of sockets) for (const text of [small, large, large, large]) socket.send(text);
      await new Promise((resolve) => setTimeout(resolve, 100));
      most = Math.max(most, await residentMegabytes(pid));
    }
    await lock.release();
    process.stdout.write(`300 sockets flooding: ${Math.round(before)} MB, at most ${Math.round(most)} MB\n`);
    expect(most - before).toBeLessThan(250);
    for (const socket of sockets) socket.terminate();
  },
);

test(
  "one organization's 300 events to 1,000 sockets do not hold up another one's event",
  { timeout: 180_000 },
  async () => {
    let deliveries = 0;
    await inTurns(Array.from({ length: 1_000 }), 20, () =>
      connect(1, system.token, ({ type }) => {
        if (type === 'post-status-update' || type === 'post-created') deliveries += 1;
      }),
    );
    const other = await system.registerAnother();
    let deliveriesWhenHeard = -1;
    await connect(1, other.token, ({ type }) => {
      if (type === 'post-created') deliveriesWhenHeard = deliveries;
    });
    const before = deliveries;
    await system.sql(
      `with created as (insert into posts (id, organization_id, content) select 'pst_crowd_' || n, $1, 'x' from generate_series(1, 300) n returning id)
     insert into events (organization_id, post_id, type, message) select $1, id, 'post.created', 'Created.' from created`,
      [system.organizationId],
    );
    await system.sql(
      `with created as (insert into posts (id, organization_id, content) values ('pst_single', $1, 'x') returning id)
     insert into events (organization_id, post_id, type, message) select $1, id, 'post.created', 'Created.' from created`,
      [other.organizationId],
    );
    await system.sql(`select pg_notify('vibetribe_events', '')`);
    await waitFor(() => deliveries - before >= 300 * 1_000, {
      describe: () => `every delivery, ${deliveries - before} so far`,
      timeoutMs: 120_000,
    });
    process.stdout.write(`another organization heard after ${deliveriesWhenHeard - before} of 300,000 deliveries\n`);
    expect(deliveriesWhenHeard).toBeGreaterThanOrEqual(0);
    expect(deliveriesWhenHeard - before).toBeLessThan(150_000);
    for (const socket of opened) socket.terminate();
  },
);

test('the ghosts of a replica that was killed go', { timeout: 180_000 }, async () => {
  const there = new Set<string>();
  const { token } = await system.registerAnother();
  await connect(0, token, ({ type, data }) => {
    if (type === 'user-connected') there.add(data?.connectionId ?? '');
    if (type === 'user-disconnected') there.delete(data?.connectionId ?? '');
  });
  await connect(1, token);
  await connect(1, token);
  await waitFor(() => there.size === 2, { describe: 'the two at the other replica' });
  await system.apis[1].replace({ signal: 'SIGKILL' });
  expect(there.size).toBe(2);
  await waitFor(() => there.size === 0, { describe: 'the ghosts to go', timeoutMs: 60_000 });
});
