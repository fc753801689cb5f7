import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openTestPublisher } from './test-publisher.ts';

/** A Mastodon server that answers no post before it is opened, and who has posted there how often. */
interface Instance {
  readonly origin: string;
  readonly posted: Map<string, number>;
  openMax(): number;
  open(): void;
}

async function startInstance(isOpen: boolean): Promise<Instance> {
  const opened = Promise.withResolvers<void>();
  if (isOpen) opened.resolve();
  const posted = new Map<string, number>();
  let running = 0;
  let runningMax = 0;
  const server = createServer((request, response) => {
    request.resume();
    if (request.method !== 'POST') return void response.writeHead(404).end('{}');
    const key = String(request.headers['idempotency-key']);
    posted.set(key, (posted.get(key) ?? 0) + 1);
    running += 1;
    runningMax = Math.max(runningMax, running);
    void opened.promise.then(() => {
      running -= 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: key, url: null }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    opened.resolve();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, posted, openMax: () => runningMax, open: () => opened.resolve() };
}

const slowPosts = 40;
const otherPosts = 12;

/** One organization's posts on its slow server, all due, and another's on a server that answers at once. */
async function openScene(withShares: boolean) {
  const [slow, fast] = [await startInstance(false), await startInstance(true)];
  const publishing = await openTestPublisher(inject('postgresUrl'));
  onTestFinished(() => publishing[Symbol.asyncDispose]());

  const schedule = async ({ origin }: Instance, count: number) => {
    const account = await publishing.addAccount('mastodon', origin);
    for (let index = 0; index < count; index += 1) await publishing.addDue(account, index);
    return async () => {
      const [row] = await publishing.sql<{ published: number; attempts: number }>(
        `select count(*) filter (where status = 'published')::int as published, coalesce(max(attempts), 0)::int as attempts
         from publications where account_id = $1`,
        [account.accountId],
      );
      return row ?? { published: 0, attempts: 0 };
    };
  };

  const ofSlow = await schedule(slow, slowPosts);
  await publishing.start(
    {
      SSRF_ALLOW: `${new URL(slow.origin).host},${new URL(fast.origin).host}`,
      PUBLISH_CONCURRENCY: '8',
      RATE_LIMIT_MASTODON: '1000',
    },
    withShares ? undefined : () => [],
  );
  await waitFor(() => slow.posted.size >= (withShares ? 4 : 8), { describe: 'the slow server is being posted to' });
  const ofOther = await schedule(fast, otherPosts);
  return { slow, fast, ofSlow, ofOther, logged: publishing.logged };
}

test("a tenant's slow server delays nobody else's posts, and its own go out once each when it answers", async () => {
  const { slow, ofSlow, ofOther, logged } = await openScene(true);
  await waitFor(async () => (await ofOther()).published === otherPosts, { describe: "the others' posts are out" });
  expect(slow.openMax()).toBe(4);
  expect((await ofSlow()).published).toBe(0);
  slow.open();
  await waitFor(async () => (await ofSlow()).published === slowPosts, {
    describe: 'the slow ones are out',
    timeoutMs: 20_000,
  });
  expect(await ofSlow()).toEqual({ published: slowPosts, attempts: 1 });
  expect([...slow.posted.values()]).toEqual(Array.from({ length: slowPosts }, () => 1));

  const runs = logged()
    .split('\n')
    .filter((line) => line.includes('a publishing run ended'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(runs).toHaveLength(slowPosts + otherPosts);
  expect(runs[0]).toMatchObject({
    level: 'info',
    platform: 'mastodon',
    publicationId: expect.any(String),
    accountId: expect.any(String),
    outcome: 'published',
    status: 'published',
    durationsMs: { claim: expect.any(Number), token: expect.any(Number), platform: expect.any(Number) },
  });
  expect(logged()).not.toMatch(/Hello|Bearer/);
});

test('without shares the same server holds up everybody', async () => {
  const { slow, fast, ofOther } = await openScene(false);
  await waitFor(() => slow.openMax() === 8, { describe: 'every place waits for the slow server' });
  // As long as the test above needs for all of it, and some more.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(fast.posted.size).toBe(0);
  slow.open();
  await waitFor(async () => (await ofOther()).published === otherPosts, {
    describe: "the others' posts are out",
    timeoutMs: 20_000,
  });
});
