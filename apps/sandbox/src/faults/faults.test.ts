import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type Reply, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.send('/_sandbox/reset', { method: 'POST' }));

const basic = {
  authorization: `Basic ${Buffer.from('vibetribe-sandbox:vibetribe-sandbox-secret').toString('base64')}`,
};
const collection = 'app.bsky.feed.post';
let count = 0;

/** One post of each platform, as a client sends it. */
const publish: Record<string, (account: TestAccount) => Promise<Reply>> = {
  x: ({ accessToken }) => sandbox.send('/x/2/tweets', { token: accessToken, json: { text: `post ${(count += 1)}` } }),
  mastodon: ({ accessToken }) =>
    sandbox.mastodon('/api/v1/statuses', { token: accessToken, json: { status: `post ${(count += 1)}` } }),
  bluesky: ({ accessToken, account }) => {
    const record = { text: `post ${(count += 1)}`, createdAt: '2026-01-01T00:00:00Z' };
    return sandbox.bluesky('com.atproto.repo.createRecord', {
      token: accessToken,
      json: { repo: account.id, collection, record },
    });
  },
};
const platforms = Object.keys(publish);

async function send(platform: string, account?: TestAccount): Promise<Reply> {
  const run = publish[platform];
  if (run === undefined) throw new Error(`no request for ${platform}`);
  return run(account ?? (await sandbox.account(platform, 'ada')));
}

async function postCount(platform: string): Promise<number> {
  const { body } = await sandbox.send(`/_sandbox/posts?platform=${platform}`);
  return z.object({ items: z.array(z.unknown()) }).parse(body).items.length;
}

/** The error of undici, which fetch wraps. */
async function failure(request: Promise<unknown>): Promise<unknown> {
  const error = await request.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  );
  return error instanceof Error ? error.cause : error;
}

test.each<[string, string, number, object]>([
  ['http-500', 'x', 500, { title: 'Internal Server Error' }],
  ['http-500', 'bluesky', 500, { error: 'InternalServerError' }],
  ['http-500', 'mastodon', 500, { error: expect.any(String) }],
  ['http-503', 'x', 503, { title: 'Service Unavailable' }],
  ['http-503', 'bluesky', 503, { error: 'NotEnoughResources' }],
  ['rate-limit', 'x', 429, { title: 'Too Many Requests' }],
  ['rate-limit', 'bluesky', 429, { error: 'RateLimitExceeded' }],
  ['rate-limit', 'mastodon', 429, { error: 'Too many requests' }],
  ['token-expired', 'x', 401, { title: 'Unauthorized' }],
  ['token-expired', 'bluesky', 400, { error: 'ExpiredToken', message: 'Token has expired' }],
  ['token-expired', 'mastodon', 401, { error: 'The access token expired' }],
  ['token-revoked', 'x', 401, { title: 'Unauthorized' }],
  ['token-revoked', 'bluesky', 400, { error: 'ExpiredToken', message: 'Token has been revoked' }],
  ['token-revoked', 'mastodon', 401, { error: 'The access token was revoked' }],
  ['permission', 'x', 403, { title: 'Forbidden' }],
  ['permission', 'bluesky', 403, { error: 'Forbidden' }],
  ['permission', 'mastodon', 403, { error: 'This action is not allowed' }],
])('%s on %s answers %i and does nothing', async (kind, platform, status, body) => {
  await sandbox.fault({ kind, platform, times: 1, retryAfterSeconds: 7 });
  const reply = await send(platform);
  expect(reply).toMatchObject({ status, body });
  expect(await postCount(platform)).toBe(0);
  expect((await send(platform)).status).toBeLessThan(300);
});

test.each(['http-503', 'rate-limit'])('%s tells when to come back, if it was asked to', async (kind) => {
  await sandbox.fault({ kind, platform: 'x', times: 1, retryAfterSeconds: 7 });
  expect((await send('x')).headers.get('retry-after')).toBe('7');
  await sandbox.fault({ kind, platform: 'x', times: 1 });
  expect((await send('x')).headers.get('retry-after')).toBeNull();
});

test('http-503 of Mastodon is its maintenance page', async () => {
  await sandbox.fault({ kind: 'http-503', platform: 'mastodon' });
  const reply = await send('mastodon');
  expect([reply.status, reply.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
});

test.each([
  ['x', 'x-rate-limit-reset', (value: string) => Number(value) * 1000],
  ['bluesky', 'ratelimit-reset', (value: string) => Number(value) * 1000],
  ['mastodon', 'x-ratelimit-reset', (value: string) => Date.parse(value)],
])('rate-limit of %s tells the reset in its own header', async (platform, header, toMs) => {
  await sandbox.fault({ kind: 'rate-limit', platform, retryAfterSeconds: 30 });
  const reply = await send(platform);
  const waitMs = toMs(reply.headers.get(header) ?? '') - Date.now();
  expect(waitMs).toBeGreaterThan(25_000);
  expect(waitMs).toBeLessThan(32_000);
});

test.each(platforms)('garbage on %s is 200 with a broken body, and does nothing', async (platform) => {
  await sandbox.fault({ kind: 'garbage', platform });
  const reply = await send(platform);
  expect(reply.status).toBe(200);
  expect(() => JSON.parse(reply.text)).toThrow(SyntaxError);
  expect(await postCount(platform)).toBe(0);
});

test.each(platforms)('reset-before and down on %s drop the connection and do nothing', async (platform) => {
  for (const kind of ['reset-before', 'down']) {
    const id = await sandbox.fault({ kind, platform });
    expect(await failure(send(platform))).toMatchObject({ code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) });
    await sandbox.send(`/_sandbox/faults/${id}`, { method: 'DELETE' });
  }
  expect(await postCount(platform)).toBe(0);
  expect((await send(platform)).status).toBeLessThan(300);
});

test.each(platforms)('reset-after on %s posts, then drops the connection', async (platform) => {
  await sandbox.fault({ kind: 'reset-after', platform, times: 1 });
  expect(await failure(send(platform))).toMatchObject({ code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) });
  expect(await postCount(platform)).toBe(1);
});

test.each(platforms)('error-after on %s posts, then answers 500 in the platform’s shape', async (platform) => {
  const account = await sandbox.account(platform, 'ada');
  await sandbox.fault({ kind: 'http-500', platform, times: 1 });
  const plain = await send(platform, account);
  await sandbox.fault({ kind: 'error-after', platform, times: 1 });
  const after = await send(platform, account);
  expect([after.status, after.body]).toEqual([500, plain.body]);
  expect(await postCount(platform)).toBe(1);
});

test.each([
  ['timeout', 0],
  ['timeout-after', 1],
])('%s never answers, with %i posts made', async (kind, made) => {
  const account = await sandbox.account('x', 'ada');
  await sandbox.fault({ kind, platform: 'x', times: 1 });
  const abort = new AbortController();
  const pending = fetch(`${sandbox.running.url}/x/2/tweets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text: `never answered ${kind}` }),
    signal: abort.signal,
  });
  const settled = vi.fn<() => void>();
  void pending.then(settled, settled);
  await vi.waitFor(async () => {
    const { body } = await sandbox.send('/_sandbox/requests?platform=x&limit=1');
    expect(body).toMatchObject({ items: [{ fault: kind, status: null }] });
    expect(await postCount('x')).toBe(made);
  });
  expect(settled).not.toHaveBeenCalled();
  abort.abort();
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  expect((await send('x', account)).status).toBe(201);
});

test('the sandbox stops at once while a request hangs', async () => {
  await sandbox.fault({ kind: 'timeout', platform: 'x', times: 1 });
  await sandbox.fault({ kind: 'slow', platform: 'x', delayMs: 3_600_000 });
  const hanging = [failure(send('x')), failure(send('x'))];
  await vi.waitFor(async () => {
    const { body } = await sandbox.send('/_sandbox/requests?platform=x');
    expect(body).toMatchObject({ items: [{ fault: 'slow' }, { fault: 'timeout' }] });
  });
  await sandbox.restart();
  for (const error of await Promise.all(hanging)) expect(error).toBeInstanceOf(Error);
});

test('slow answers late and does the work', async () => {
  await sandbox.fault({ kind: 'slow', platform: 'x', times: 1, delayMs: 300 });
  const account = await sandbox.account('x', 'ada');
  const startedAt = performance.now();
  expect((await send('x', account)).status).toBe(201);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
});

test('a token called revoked cannot be refreshed while the fault holds; the grant itself is whole', async () => {
  const account = await sandbox.account('x', 'ada');
  await sandbox.fault({
    kind: 'token-revoked',
    platform: 'x',
    account: 'ada',
    method: 'POST',
    pathIncludes: '/2/tweets',
    times: 1,
  });
  const refresh = () =>
    sandbox.send('/x/2/oauth2/token', {
      form: { grant_type: 'refresh_token', refresh_token: account.refreshToken ?? '' },
      headers: basic,
    });
  expect((await send('x', account)).status).toBe(401);
  expect(await refresh()).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  expect((await sandbox.send('/x/2/users/me', { token: account.accessToken })).status).toBe(401);
  await sandbox.send('/_sandbox/faults', { method: 'DELETE' });
  expect((await refresh()).status).toBe(200);
});

test('a revoked grant of Bluesky can neither refresh nor sign in', async () => {
  const account = await sandbox.account('bluesky', 'ada');
  await sandbox.fault({ kind: 'token-revoked', platform: 'bluesky' });
  const refresh = await sandbox.bluesky('com.atproto.server.refreshSession', {
    method: 'POST',
    token: account.refreshToken ?? '',
  });
  expect(refresh).toMatchObject({ status: 400, body: { error: 'ExpiredToken', message: 'Token has been revoked' } });
  const json = { identifier: 'ada.test', password: account.appPassword };
  expect(await sandbox.bluesky('com.atproto.server.createSession', { json })).toMatchObject({ status: 401 });
});

test('an expired token leaves the refresh alone', async () => {
  const account = await sandbox.account('bluesky', 'ada');
  await sandbox.fault({ kind: 'token-expired', platform: 'bluesky' });
  expect((await send('bluesky', account)).status).toBe(400);
  const refresh = await sandbox.bluesky('com.atproto.server.refreshSession', {
    method: 'POST',
    token: account.refreshToken ?? '',
  });
  expect(refresh.status).toBe(200);
});

test('a fault of one account spares the others, also where the sender is named in the body', async () => {
  const ada = await sandbox.account('bluesky', 'ada');
  const eve = await sandbox.account('bluesky', 'eve');
  await sandbox.fault({ kind: 'http-500', platform: 'bluesky', account: 'ada' });
  const signIn = ({ account, appPassword }: TestAccount) =>
    sandbox.bluesky('com.atproto.server.createSession', {
      json: { identifier: account.handle, password: appPassword },
    });
  expect([(await signIn(ada)).status, (await signIn(eve)).status]).toEqual([500, 200]);
  expect([(await send('bluesky', ada)).status, (await send('bluesky', eve)).status]).toEqual([500, 200]);
});

test('a fault of one instance of Mastodon spares the other, one of the platform strikes both', async () => {
  const instance = (origin: string | undefined) =>
    fetch(`${origin}/api/v2/instance`).then((response) => response.status);
  const both = () =>
    Promise.all([instance(sandbox.running.hosts['mastodon']), instance(sandbox.running.hosts['mastodon2'])]);
  await sandbox.fault({ kind: 'http-500', platform: 'mastodon2' });
  expect(await both()).toEqual([200, 500]);
  await sandbox.fault({ kind: 'http-500', platform: 'mastodon' });
  expect(await both()).toEqual([500, 500]);
});

test('faults leave pages and the control API alone', async () => {
  await sandbox.fault({ kind: 'http-500' });
  expect((await sandbox.send('/')).status).toBe(200);
  expect((await sandbox.send('/_sandbox/stats')).status).toBe(200);
  expect((await sandbox.mastodon('/oauth/authorize')).status).toBe(400);
  expect((await sandbox.send('/x/i/oauth2/authorize')).status).toBe(400);
});

test('listing-lag hides a new post from listings, not from a look-up by id, until the time is over', async () => {
  await sandbox.fault({ kind: 'listing-lag', delayMs: 60_000 });
  const x = await sandbox.account('x', 'ada');
  const mastodon = await sandbox.account('mastodon', 'ada');
  const bluesky = await sandbox.account('bluesky', 'ada');
  const WithId = z.object({
    id: z.string().optional(),
    uri: z.string().optional(),
    data: z.object({ id: z.string() }).optional(),
  });
  const tweet = WithId.parse((await send('x', x)).body).data?.id ?? '';
  const status = WithId.parse((await send('mastodon', mastodon)).body).id ?? '';
  const rkey =
    WithId.parse((await send('bluesky', bluesky)).body)
      .uri?.split('/')
      .at(-1) ?? '';
  const repo = bluesky.account.id;

  const listings = () =>
    Promise.all([
      sandbox.send(`/x/2/users/${x.account.id}/tweets`, { token: x.accessToken }),
      sandbox.mastodon(`/api/v1/accounts/${mastodon.account.id}/statuses`),
      sandbox.bluesky(`com.atproto.repo.listRecords?repo=${repo}&collection=${collection}`),
    ]);
  const [tweets, statuses, records] = await listings();
  expect(tweets.body).toEqual({ meta: { result_count: 0 } });
  expect(statuses.body).toEqual([]);
  expect(records.body).toEqual({ records: [] });

  const lookUps = await Promise.all([
    sandbox.send(`/x/2/tweets/${tweet}`, { token: x.accessToken }),
    sandbox.mastodon(`/api/v1/statuses/${status}`),
    sandbox.bluesky(`com.atproto.repo.getRecord?repo=${repo}&collection=${collection}&rkey=${rkey}`),
  ]);
  expect(lookUps.map((reply) => [reply.status, reply.text.includes('post ')])).toEqual([
    [200, true],
    [200, true],
    [200, true],
  ]);
  expect(await postCount('x')).toBe(1);

  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 60_000 } });
  for (const reply of await listings()) expect(reply.text).toContain('post ');
});
