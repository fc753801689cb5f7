import { expect, test, vi } from 'vitest';
import { sandbox, publish, send, postCount } from './test-faults.ts';

const platforms = Object.keys(publish);

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
  ['account-blocked', 'x', 403, { detail: expect.stringContaining('temporarily locked') }],
  ['account-blocked', 'bluesky', 400, { error: 'AccountTakedown' }],
  ['account-blocked', 'mastodon', 403, { error: 'Your login is currently disabled' }],
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
