import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.send('/_sandbox/reset', { method: 'POST' }));

const Page = z.object({
  items: z.array(z.looseObject({ id: z.string(), text: z.string() })),
  nextCursor: z.string().nullable(),
  commits: z.number(),
});
const posts = async (query = '') => Page.parse((await sandbox.send(`/_sandbox/posts?${query}`)).body);
const tweet = (account: TestAccount, text: string) =>
  sandbox.send('/x/2/tweets', { token: account.accessToken, json: { text } });
const toot = (account: TestAccount, status: string) =>
  sandbox.mastodon('/api/v1/statuses', { token: account.accessToken, json: { status } });

test('hosts tells the origins that are not on the main port', async () => {
  const { body } = await sandbox.send('/_sandbox/hosts');
  const origin = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(body).toEqual({
    bluesky: origin,
    'bluesky-auth': origin,
    mastodon: origin,
    mastodon2: origin,
    smtp: expect.stringMatching(/^smtp:/),
  });
  expect(body).toEqual(sandbox.running.hosts);
});

test('webhooks are taken below hooks, and where they are read', async () => {
  for (const path of ['/hooks/a', '/_sandbox/hooks', '/_sandbox/hooks/b'])
    expect((await sandbox.send(path, { method: 'POST', json: { path } })).status).toBe(204);
  const { body } = await sandbox.send('/_sandbox/hooks?limit=3');
  expect(body).toMatchObject({
    items: [{ path: '/hooks/a' }, { path: '/_sandbox/hooks' }, { path: '/_sandbox/hooks/b' }],
  });
});

test('a page of another origin is refused, and one that leads here by a public name; programs and its own page are not', async () => {
  const { host } = new URL(sandbox.running.url);
  const statusWith = async (headers: Record<string, string>, method = 'DELETE') => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const asked = request(`${sandbox.running.url}/_sandbox/faults`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
    return promise;
  };
  for (const headers of [{}, { host: 'localhost:4010' }, { host: 'sandbox:4010' }, { host, origin: `http://${host}` }])
    expect(await statusWith(headers), JSON.stringify(headers)).toBe(200);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { host: 'evil.example:4010' },
    { host: 'evil.example:4010', origin: 'http://evil.example:4010' },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    expect(await statusWith(headers), JSON.stringify(headers)).toBe(403);
    expect(await statusWith(headers, 'GET'), JSON.stringify(headers)).toBe(403);
  }
});

test('posts tells what is visible, newest first, and counts every acceptance', async () => {
  const ada = await sandbox.account('x', 'ada');
  const eve = await sandbox.account('mastodon2', 'eve');
  await tweet(ada, 'first');
  const second = await tweet(ada, 'second https://example.com');
  const { data } = z.object({ data: z.object({ id: z.string() }) }).parse(second.body);
  const status = await fetch(`${sandbox.running.hosts['mastodon2']}/api/v1/statuses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${eve.accessToken}` },
    body: new URLSearchParams({ status: 'third' }),
  });
  expect(status.status).toBe(200);
  await sandbox.send(`/x/2/tweets/${data.id}`, { method: 'DELETE', token: ada.accessToken });

  const all = await posts();
  expect(all.items.map((post) => post.text)).toEqual(['third', 'first']);
  expect(all.commits).toBe(3);
  expect(all.items[0]).toMatchObject({
    platform: 'mastodon',
    account: eve.account.id,
    id: expect.any(String),
    text: 'third',
    media: [],
    createdAt: expect.stringMatching(/Z$/),
    receivedAt: expect.stringMatching(/Z$/),
    url: expect.stringContaining(sandbox.running.hosts['mastodon2'] ?? 'none'),
  });
  expect(await posts('platform=x&account=ada')).toMatchObject({ commits: 2, items: [{ text: 'first' }] });
  expect(await posts(`account=${ada.account.id}`)).toMatchObject({ commits: 2, items: [{ text: 'first' }] });
  expect(await posts('platform=mastodon')).toMatchObject({ commits: 1, items: [{ text: 'third' }] });
  expect(await posts('platform=bluesky')).toEqual({ items: [], nextCursor: null, commits: 0 });
  expect(await posts('account=nobody')).toEqual({ items: [], nextCursor: null, commits: 0 });
});

test('the address of a post leads to a page that shows it', async () => {
  const ada = await sandbox.account('x', 'ada');
  await tweet(ada, '<script>alert(1)</script>');
  const [item] = (await posts()).items;
  const page = await fetch(z.looseObject({ url: z.string() }).parse(item).url);
  expect(page.status).toBe(200);
  const text = await page.text();
  expect(text).toContain('&#60;script&#62;');
  expect(text).not.toContain('<script>');
});

test('a cursor walks all posts of several accounts once', async () => {
  const ada = await sandbox.account('x', 'ada');
  const eve = await sandbox.account('mastodon', 'ada');
  for (let index = 0; index < 7; index += 1) {
    await tweet(ada, `tweet ${index}`);
    await toot(eve, `toot ${index}`);
  }
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: z.infer<typeof Page> = await posts(`account=ada&limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.items.map((post) => post.text));
    cursor = page.nextCursor;
  }
  expect(seen).toHaveLength(14);
  expect(new Set(seen).size).toBe(14);
  expect(seen[0]).toBe('toot 6');
});

test('requests are told without their query, newest first', async () => {
  const ada = await sandbox.account('x', 'ada');
  await tweet(ada, 'seen');
  await sandbox.send('/x/2/tweets?ids=1&secret=hidden', { token: ada.accessToken });
  const { body, text } = await sandbox.send('/_sandbox/requests?platform=x&limit=2');
  expect(body).toMatchObject({
    items: [
      { method: 'GET', path: '/x/2/tweets', status: 400, account: ada.account.id, platform: 'x', fault: null },
      { method: 'POST', path: '/x/2/tweets', status: 201 },
    ],
  });
  expect(text).not.toContain('hidden');
  expect(text).not.toContain(ada.accessToken);
});

test('reset drops posts, faults and requests, and keeps accounts and tokens', async () => {
  const ada = await sandbox.account('x', 'ada');
  const eve = await sandbox.account('mastodon', 'eve');
  await tweet(ada, 'gone');
  await sandbox.mastodon('/api/v1/statuses', {
    token: eve.accessToken,
    json: { status: 'a' },
    headers: { 'idempotency-key': 'k' },
  });
  await sandbox.fault({ kind: 'http-500' });
  await sandbox.send('/x/nothing');
  await sandbox.send('/_sandbox/reset', { method: 'POST' });
  expect(await posts()).toEqual({ items: [], nextCursor: null, commits: 0 });
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({ unknownRoutes: [], commits: 0 });
  expect((await sandbox.send('/_sandbox/faults')).body).toEqual({ items: [] });
  expect((await tweet(ada, 'gone')).status).toBe(201);
  const again = await sandbox.mastodon('/api/v1/statuses', {
    token: eve.accessToken,
    json: { status: 'b' },
    headers: { 'idempotency-key': 'k' },
  });
  expect(again.text).toContain('<p>b</p>');
});

test('the same handle gives the same account with a fresh token', async () => {
  const first = await sandbox.account('x', '@Ada');
  const second = await sandbox.account('x', 'ada');
  expect(second.account).toEqual(first.account);
  expect(second.accessToken).not.toBe(first.accessToken);
  expect((await tweet(first, 'both work')).status).toBe(201);
});

test.each<[string, string, string, unknown, string]>([
  ['an unknown kind', 'POST', 'faults', { kind: 'meteor' }, 'kind'],
  ['no kind', 'POST', 'faults', {}, 'kind'],
  ['an unknown platform', 'POST', 'faults', { kind: 'down', platform: 'myspace' }, 'platform'],
  ['an unknown field', 'POST', 'faults', { kind: 'down', path: '/x' }, 'path'],
  ['a probability beyond 1', 'POST', 'faults', { kind: 'down', probability: 2 }, 'probability'],
  ['a negative skip', 'POST', 'faults', { kind: 'down', skip: -1 }, 'skip'],
  ['a scale of nothing', 'PUT', 'limits', { platform: 'x', scale: 0 }, 'scale'],
  ['an account without a handle', 'POST', 'accounts', { platform: 'x' }, 'handle'],
  ['a handle of nothing', 'POST', 'accounts', { platform: 'x', handle: '@' }, 'handle'],
  ['a clock that goes back', 'POST', 'clock', { advanceMs: -1 }, 'advanceMs'],
  ['a token of nobody', 'POST', 'tokens/expire', { platform: 'x' }, 'account'],
  ['text for a body', 'POST', 'clock', 'now', ''],
])('%s is refused with the field named', async (_what, method, path, json, field) => {
  const reply = await sandbox.send(`/_sandbox/${path}`, { method, json });
  expect(reply.status).toBe(422);
  expect(reply.body).toMatchObject({ error: 'invalid_input', errors: [{ path: field }] });
});

test('a broken body, an unknown account and an unknown fault are told apart', async () => {
  const headers = { 'content-type': 'application/json' };
  const broken = await fetch(`${sandbox.running.url}/_sandbox/faults`, { method: 'POST', headers, body: '{' });
  expect(broken.status).toBe(400);
  expect((await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'x', account: 'ghost' } })).status).toBe(
    404,
  );
  expect((await sandbox.send('/_sandbox/faults/none', { method: 'DELETE' })).status).toBe(404);
  expect((await sandbox.send('/_sandbox/posts?limit=0')).status).toBe(422);
});

test('health and metrics answer', async () => {
  expect(await sandbox.send('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  const ada = await sandbox.account('x', 'ada');
  await tweet(ada, 'counted');
  const metrics = await sandbox.send('/metrics');
  expect(metrics.headers.get('content-type')).toContain('text/plain');
  expect(metrics.text).toContain('sandbox_posts_accepted_total{platform="x"} 1');
  expect(metrics.text).toContain('sandbox_requests_total{platform="x",status="201"} 1');
});

test('a route of nobody is a 404 that is counted', async () => {
  expect((await sandbox.send('/facebook/v25.0/me')).status).toBe(404);
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({
    unknownRoutes: [{ platform: null, method: 'GET', path: '/facebook/v25.0/me', count: 1 }],
  });
});
