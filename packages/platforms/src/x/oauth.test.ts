import { afterAll, describe, expect, test } from 'vitest';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { xOAuth, xRefresh } from './oauth.ts';

const client = openTestClient('x');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const endpoints = (api: string): PlatformEndpoints =>
  testEndpoints({ api, authorize: 'https://x.test/authorize', client: { id: 'app', secret: 's%:cret' } });
const consent = (at: PlatformEndpoints) => ({
  endpoints: at,
  http: client.http(),
  redirectUri: 'https://me/cb',
  state: 's t',
  codeChallenge: 'ch',
  server: null,
  handle: null,
  client: null,
  now,
});
const account = { externalId: '7', handle: 'ada', service: null };

test('the consent page is asked for a code with PKCE and a way to refresh', async () => {
  const url = new URL((await xOAuth.begin(consent(endpoints('https://api')))).authorizationUrl);
  expect(url.origin + url.pathname).toBe('https://x.test/authorize');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'app',
    redirect_uri: 'https://me/cb',
    scope: 'tweet.read tweet.write users.read media.write offline.access',
    state: 's t',
    code_challenge: 'ch',
    code_challenge_method: 'S256',
  });
});

test('without an application configured the consent page is refused, in words for the operator', async () => {
  const request = consent({ ...endpoints('https://api'), client: null });
  await expect(xOAuth.begin(request)).rejects.toThrow(/X_CLIENT_ID/u);
});

test('a grant whose account X does not name is taken back: nobody would know of it', async () => {
  await using server = await startRoutes({
    'POST /2/oauth2/token': () => ({ json: { access_token: 'a1', refresh_token: 'r1' } }),
    'GET /2/users/me': () => ({ status: 503, json: {} }),
    'POST /2/oauth2/revoke': () => ({ json: { revoked: true } }),
  });
  const request = { redirectUri: 'https://me/cb', code: 'c', codeVerifier: 'v', issuer: null, pending: {}, now };
  await expect(
    xOAuth.exchange({ ...request, endpoints: endpoints(server.origin), http: client.http() }),
  ).rejects.toMatchObject({ kind: 'unavailable' });
  const revoked = server.seen.filter(({ route }) => route === 'POST /2/oauth2/revoke');
  expect(revoked.map(({ body }) => new URLSearchParams(body).get('token'))).toEqual(['r1', 'a1']);
});

test('a code becomes a grant with its account, its life taken from the reply', async () => {
  await using server = await startRoutes({
    'POST /2/oauth2/token': () => ({
      json: {
        token_type: 'bearer',
        access_token: 'a1',
        refresh_token: 'r1',
        expires_in: 60,
        scope: 'tweet.read tweet.write',
      },
    }),
    'GET /2/users/me': () => ({ json: { data: { id: '7', name: 'Ada L', username: 'ada' } } }),
  });

  const grant = await xOAuth.exchange({
    endpoints: endpoints(server.origin),
    http: client.http(),
    redirectUri: 'https://me/cb',
    code: 'c0de',
    codeVerifier: 'v',
    issuer: null,
    pending: {},
    now,
  });

  expect(grant).toEqual({
    credentials: {
      accessToken: 'a1',
      refreshToken: 'r1',
      expiresAt: '2026-11-22T10:01:00.000Z',
      scopes: ['tweet.read', 'tweet.write'],
    },
    service: null,
    accounts: [{ externalId: '7', handle: 'ada', displayName: 'Ada L' }],
  });
  expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
    grant_type: 'authorization_code',
    code: 'c0de',
    redirect_uri: 'https://me/cb',
    code_verifier: 'v',
  });
  expect(server.seen[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('app:s%25%3Acret').toString('base64')}`);
});

describe('refreshing', () => {
  const refresh = (origin: string, refreshToken?: string) =>
    xRefresh.refresh({
      endpoints: endpoints(origin),
      http: client.http(),
      account,
      credentials: { accessToken: 'a1', scopes: [], ...(refreshToken === undefined ? {} : { refreshToken }) },
      now,
    });

  test('gives the new refresh token, and keeps the old one where none came', async () => {
    const replies: object[] = [
      { access_token: 'a2', refresh_token: 'r2', expires_in: 7200 },
      { access_token: 'a3', expires_in: 7200 },
    ];
    await using server = await startRoutes({ 'POST /2/oauth2/token': () => ({ json: replies.shift() }) });
    expect(await refresh(server.origin, 'r1')).toMatchObject({ accessToken: 'a2', refreshToken: 'r2' });
    expect(await refresh(server.origin, 'r2')).toMatchObject({ accessToken: 'a3', refreshToken: 'r2' });
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r1',
    });
  });

  test('tells a dead grant from an outage, and shows no secret in either', async () => {
    const replies = [
      { status: 400, json: { error: 'invalid_request', error_description: 'r1-s3cret is not valid' } },
      { status: 503, json: { error: 'r1-s3cret' } },
      { status: 401, json: { error: 'invalid_client', error_description: 'r1-s3cret' } },
    ];
    await using server = await startRoutes({ 'POST /2/oauth2/token': () => replies.shift() ?? { json: {} } });
    const failures = [];
    for (let call = 0; call < 3; call += 1)
      failures.push(await refresh(server.origin, 'r1-s3cret').catch((error: unknown) => error));
    expect(failures).toMatchObject([{ kind: 'auth_revoked' }, { kind: 'unavailable' }, { kind: 'permission' }]);
    expect(failures.map(String).join()).not.toContain('s3cret');
  });

  test('without a refresh token asks for a new consent', async () => {
    await expect(refresh('http://127.0.0.1:9')).rejects.toMatchObject({
      kind: 'auth_revoked',
      platformCode: 'refresh_token_missing',
    });
  });
});

test('revoking takes both tokens back', async () => {
  await using server = await startRoutes({ 'POST /2/oauth2/revoke': () => ({ json: { revoked: true } }) });
  const credentials = { accessToken: 'a', refreshToken: 'r', scopes: [] };
  await xOAuth.revoke?.({ endpoints: endpoints(server.origin), http: client.http(), credentials, now });
  expect(server.seen.map(({ body }) => body)).toEqual(['token=r', 'token=a']);
});
