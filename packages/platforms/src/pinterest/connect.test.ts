import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { answerOf, openTestClient, startRoutes } from '../testing/test-platform.ts';
import { pinterestGrantRefusal, pinterestRefusal } from './errors.ts';
import { pinterest } from './index.ts';

const client = openTestClient('pinterest');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const application = { id: 'our:id', secret: 'secret' };
const at = (origin: string) => testEndpoints({ api: origin, authorize: origin, client: application });
const issued = (more: object = {}) => ({
  json: {
    access_token: 'pina_1',
    refresh_token: 'pinr_1',
    expires_in: 2_592_000,
    refresh_token_expires_in: 5_184_000,
    scope: 'boards:read,pins:write',
    ...more,
  },
});
const board = (id: string, name: string) => ({ id, name, owner: { username: 'ada' } });

describe('a consent', () => {
  async function connect(pages: object[]) {
    let page = 0;
    await using server = await startRoutes({
      'POST /v5/oauth/token': () => issued(),
      'GET /v5/boards': () => ({ json: pages[page++] }),
    });
    const call = { endpoints: at(server.origin), http: client.http(), redirectUri: 'http://us/callback', now };
    const begun = await pinterest.oauth?.begin({
      ...call,
      state: 's',
      codeChallenge: 'c',
      server: null,
      handle: null,
      client: null,
    });
    const grant = await pinterest.oauth?.exchange({
      ...call,
      code: 'code',
      issuer: null,
      codeVerifier: 'v',
      pending: {},
    });
    return { url: new URL(begun?.authorizationUrl ?? ''), grant, seen: server.seen };
  }

  test('opens every board of the user, over all pages, and asks for a token that is renewed for ever', async () => {
    const { url, grant, seen } = await connect([
      { items: [board('1', 'Food')], bookmark: 'next' },
      { items: [board('2', 'Travel')], bookmark: null },
    ]);
    expect(url.pathname).toBe('/oauth/');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'our:id',
      response_type: 'code',
      scope: 'boards:read,boards:write,pins:read,pins:write,user_accounts:read',
    });
    expect(grant).toMatchObject({
      credentials: {
        refreshToken: 'pinr_1',
        expiresAt: '2026-12-22T10:00:00.000Z',
        details: { renewableUntil: '2027-01-21T10:00:00.000Z' },
        scopes: ['boards:read', 'pins:write'],
      },
      accounts: [
        { externalId: '1', handle: 'ada/Food', displayName: 'Food' },
        { externalId: '2', handle: 'ada/Travel' },
      ],
    });
    expect(seen[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('our:id:secret').toString('base64')}`);
    expect(seen[0]?.body).toContain('continuous_refresh=true');
    expect(seen[2]?.query).toMatchObject({ bookmark: 'next' });
  });

  test('of somebody without a board is refused with what to do', async () => {
    await expect(connect([{ items: [], bookmark: null }])).rejects.toMatchObject({
      kind: 'permission',
      platformCode: 'no_board',
    });
  });
});

test('a renewal keeps the refresh token where none comes back, and is not tried after its end', async () => {
  await using server = await startRoutes({
    'POST /v5/oauth/token': () => issued({ refresh_token: undefined, scope: '' }),
  });
  const credentials = {
    accessToken: 'old',
    refreshToken: 'pinr_0',
    details: { renewableUntil: '2026-12-01T00:00:00Z' },
    scopes: ['a'],
  };
  const account = { externalId: '1', handle: 'ada/Food', service: null };
  const call = { endpoints: at(server.origin), http: client.http(), account, now };
  expect(await pinterest.refresh?.refresh({ ...call, credentials })).toMatchObject({
    accessToken: 'pina_1',
    refreshToken: 'pinr_0',
    scopes: ['a'],
  });
  expect(pinterest.refresh?.isPossible(credentials, now)).toBe(true);
  expect(pinterest.refresh?.isPossible(credentials, new Date('2026-12-02T00:00:00Z'))).toBe(false);
});

test('by hand a token of several boards names one of them', async () => {
  await using server = await startRoutes({
    'GET /v5/boards': () => ({ json: { items: [board('1', 'Food'), board('2', 'Travel')] } }),
  });
  const connect = (externalId: Record<string, string>) =>
    pinterest.manual?.connect({
      endpoints: at(server.origin),
      http: client.http(),
      credentials: { accessToken: 'token', ...externalId },
      now,
    });
  expect((await connect({ externalId: '2' }))?.accounts).toMatchObject([{ externalId: '2' }]);
  await expect(connect({})).rejects.toMatchObject({ kind: 'content', platformCode: 'board_not_named' });
  await expect(connect({ externalId: '3' })).rejects.toMatchObject({ kind: 'permission' });
});

describe('what is refused', () => {
  test.each([
    [400, 1, 'content'],
    [401, 2, 'auth_expired'],
    [401, 3, 'permission'],
    [403, 29, 'permission'],
    [404, 40, 'not_found'],
    [409, 1, 'ambiguous'],
    [429, 8, 'rate_limit'],
  ])('%i/%i on a pin is told as %s', (status, code, kind) => {
    const refusal = pinterestRefusal('once')(answerOf(status, { code, message: 'why' }));
    expect(refusal).toMatchObject({ kind, platformCode: `${status}/${code}`, reason: 'why' });
  });

  test.each([
    [403, 'You have reached the maximum number of 10 posts for the last 24 hours.', 'quota'],
    [400, 'Sorry! We blocked this link because it may lead to spam.', 'policy'],
    [401, 'Sorry! We blocked this link because it may lead to spam.', 'auth_expired'],
    [500, 'the maximum number of 10 posts', 'content'],
  ])('%i “%s” is told as %s: a rule without a number of its own', (status, message, kind) => {
    expect(pinterestRefusal('idempotent')(answerOf(status, { code: 1, message }))).toMatchObject({ kind });
  });

  test('two writes at once are tried again where nothing of them can be seen', () => {
    expect(pinterestRefusal('idempotent')(answerOf(409, {}))).toMatchObject({
      kind: 'unavailable',
      platformCode: 'http_409',
    });
  });

  test('the wait of a limit is in seconds from now', () => {
    const answer = answerOf(429, { code: 8 }, { 'x-ratelimit-reset': '37', 'x-ratelimit-remaining': '0' });
    expect(pinterestRefusal('once')(answer).retryAfterMs).toBe(37_000);
    expect(pinterest.exhaustedLimits(answer)).toContainEqual({ scope: 'account', resetMs: 37_000 });
    const last = answerOf(201, { id: '1' }, { 'x-ratelimit-reset': '5', 'x-ratelimit-remaining': '0' });
    expect(pinterest.exhaustedLimits(last)).toEqual([{ scope: 'account', resetMs: 5_000 }]);
  });

  test('a grant that is dead and a wrong secret are told apart, and neither repeats what was sent', () => {
    expect(pinterestGrantRefusal(answerOf(400, { code: 283, message: 'pinr_1' }))).toEqual({
      kind: 'auth_revoked',
      platformCode: '400/283',
    });
    expect(pinterestGrantRefusal(answerOf(401, { code: 2 }))).toEqual({ kind: 'permission', platformCode: '401/2' });
  });
});

test('the doctor knows a wrong secret and says what trial access means', async () => {
  let status = 200;
  await using server = await startRoutes({
    'POST /v5/oauth/token': () => ({ status, json: { code: 2, message: 'Authentication failed.' } }),
  });
  const check = () =>
    pinterest.doctor?.check?.({ endpoints: at(server.origin), http: client.http(), redirectUri: 'http://us', now });
  expect(await check()).toMatchObject([
    { name: 'credentials', status: 'ok' },
    { name: 'access', status: 'unknown', detail: expect.stringContaining('trial'), action: expect.any(String) },
  ]);
  status = 401;
  expect((await check())?.[0]).toMatchObject({
    status: 'failed',
    action: expect.stringContaining('PINTEREST_CLIENT_ID'),
  });
});
