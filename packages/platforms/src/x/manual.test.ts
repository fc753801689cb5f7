import { afterAll, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startRoutes } from '../testing/test-platform.ts';
import { x } from './index.ts';

const client = openTestClient('x');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const handed = { accessToken: 'ended', refreshToken: 'good' };
const connect = (origin: string, credentials: Record<string, string> = handed) =>
  x.manual?.connect({
    endpoints: testEndpoints({ api: origin, client: { id: 'id', secret: 'secret' } }),
    http: client.http(),
    credentials,
    now,
  });

const me = ({ headers }: SeenRequest) =>
  headers['authorization'] === 'Bearer new'
    ? { json: { data: { id: '7', name: 'Ada', username: 'ada' } } }
    : { status: 401, json: { title: 'Unauthorized' } };
const renewed = () => ({
  json: { access_token: 'new', refresh_token: 'next', expires_in: 7_200, scope: 'tweet.read tweet.write' },
});
const account = { externalId: '7', handle: 'ada', displayName: 'Ada' };

test('an access token that has ended is renewed where the refresh token is good', async () => {
  await using server = await startRoutes({ 'GET /2/users/me': me, 'POST /2/oauth2/token': renewed });
  expect(await connect(server.origin)).toEqual({
    credentials: {
      accessToken: 'new',
      refreshToken: 'next',
      expiresAt: '2026-11-22T12:00:00.000Z',
      scopes: ['tweet.read', 'tweet.write'],
    },
    service: null,
    accounts: [account],
  });
  expect(server.seen.map(({ route }) => route)).toEqual(['GET /2/users/me', 'POST /2/oauth2/token', 'GET /2/users/me']);
});

test('one that is good is left alone, and one that has ended without a refresh token is refused', async () => {
  await using server = await startRoutes({ 'GET /2/users/me': me, 'POST /2/oauth2/token': renewed });
  expect(await connect(server.origin, { accessToken: 'new', refreshToken: 'good' })).toMatchObject({
    credentials: { accessToken: 'new', refreshToken: 'good' },
  });
  await expect(connect(server.origin, { accessToken: 'ended' })).rejects.toMatchObject({ kind: 'auth_expired' });
  expect(server.seen.map(({ route }) => route)).not.toContain('POST /2/oauth2/token');
});

test('a refresh token that is dead too says so', async () => {
  const dead = () => ({ status: 400, json: { error: 'invalid_request' } });
  await using server = await startRoutes({ 'GET /2/users/me': me, 'POST /2/oauth2/token': dead });
  await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'auth_revoked' });
});

test('what was renewed for nothing is taken back: another account, or one that X does not name', async () => {
  let silent = false;
  const revoked: string[] = [];
  await using server = await startRoutes({
    'GET /2/users/me': (request) =>
      silent && me(request).status === undefined ? { status: 503, json: {} } : me(request),
    'POST /2/oauth2/token': renewed,
    'POST /2/oauth2/revoke': ({ body }) => {
      revoked.push(new URLSearchParams(body).get('token') ?? '');
      return { json: { revoked: true } };
    },
  });
  await expect(connect(server.origin, { ...handed, externalId: '8' })).rejects.toMatchObject({
    platformCode: 'account_mismatch',
  });
  expect(revoked).toEqual(['next', 'new']);
  silent = true;
  await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(revoked).toEqual(['next', 'new', 'next', 'new']);
  expect(server.seen.filter(({ headers }) => headers['authorization'] === 'Bearer new')).toHaveLength(4);
});
