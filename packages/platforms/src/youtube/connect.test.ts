import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { youtube } from './index.ts';

const client = openTestClient('youtube');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const at = (origin: string) =>
  testEndpoints({ api: origin, authorize: origin, hosts: { token: origin }, client: { id: 'app', secret: 's3cret' } });
const channel = (id: string, customUrl?: string) => ({ id, snippet: { title: `Channel ${id}`, customUrl } });
const channels = 'GET /youtube/v3/channels';
const idToken = `e30.${Buffer.from(JSON.stringify({ sub: '117' })).toString('base64url')}.`;
const issued = (more: object = {}) => ({
  json: { access_token: 'fresh', expires_in: 3_599, scope: 'a b', token_type: 'Bearer', ...more },
});

test('a consent asks for a refresh token each time, and opens the channels of the grant', async () => {
  await using server = await startRoutes({
    'POST /token': () => issued({ refresh_token: 'again', id_token: idToken }),
    [channels]: ({ query }) => ({
      json:
        query['pageToken'] === undefined
          ? { items: [channel('UC1', '@bakery')], nextPageToken: 'P2' }
          : { items: [channel('UC2')] },
    }),
  });
  const call = { endpoints: at(server.origin), http: client.http(), redirectUri: 'https://me/cb', now };
  const request = { ...call, state: 's', codeChallenge: 'c', server: null, handle: null, client: null };
  const { authorizationUrl = '' } = (await youtube.oauth?.begin(request)) ?? {};
  expect(Object.fromEntries(new URL(authorizationUrl).searchParams)).toMatchObject({
    access_type: 'offline',
    prompt: 'consent',
    code_challenge: 'c',
    code_challenge_method: 'S256',
  });
  const answer = { ...call, code: 'c0de', issuer: null, codeVerifier: 'v', pending: {} };
  expect(await youtube.oauth?.exchange(answer)).toEqual({
    credentials: {
      accessToken: 'fresh',
      refreshToken: 'again',
      expiresAt: '2026-11-22T10:59:59.000Z',
      scopes: ['a', 'b'],
    },
    service: null,
    grantedBy: '117',
    accounts: [
      { externalId: 'UC1', handle: 'bakery', displayName: 'Channel UC1' },
      { externalId: 'UC2', handle: 'Channel UC2', displayName: 'Channel UC2' },
    ],
  });
  for (const { query } of server.seen) expect(JSON.stringify(query)).not.toContain('s3cret');
});

test('a Google account without a channel is refused, and says why', async () => {
  await using server = await startRoutes({ [channels]: () => ({ json: { items: [] } }) });
  const call = { endpoints: at(server.origin), http: client.http(), credentials: { accessToken: 't' }, now };
  await expect(youtube.manual?.connect(call)).rejects.toMatchObject({ kind: 'permission', platformCode: 'no_channel' });
});

describe('by hand', () => {
  test('a token that has ended is renewed; of several channels one is named', async () => {
    const isFresh = (authorization: unknown) => authorization === 'Bearer fresh';
    await using server = await startRoutes({
      'POST /token': () => issued(),
      [channels]: ({ headers }) =>
        isFresh(headers['authorization'])
          ? { json: { items: [channel('UC1'), channel('UC2')] } }
          : { status: 401, json: { error: { code: 401, errors: [{ reason: 'authError' }] } } },
    });
    const connect = (more: Record<string, string>) =>
      youtube.manual?.connect({
        endpoints: at(server.origin),
        http: client.http(),
        credentials: { accessToken: 'old', refreshToken: 'again', ...more },
        now,
      });
    expect(await connect({ externalId: 'UC2' })).toMatchObject({
      credentials: { accessToken: 'fresh', refreshToken: 'again' },
      accounts: [{ externalId: 'UC2' }],
    });
    await expect(connect({})).rejects.toMatchObject({ platformCode: 'channel_not_named' });
    await expect(connect({ externalId: 'UC9' })).rejects.toMatchObject({ platformCode: 'account_mismatch' });
  });
});

test('revoking hands in what lives longest', async () => {
  await using server = await startRoutes({ 'POST /revoke': () => ({ json: {} }) });
  const credentials = { accessToken: 't', refreshToken: 'again', scopes: [] };
  await youtube.oauth?.revoke?.({ endpoints: at(server.origin), http: client.http(), credentials, now });
  expect(server.seen[0]?.body).toBe('token=again');
});

describe('the doctor', () => {
  const check = async (origin: string) =>
    (
      await youtube.doctor?.check?.({ endpoints: at(origin), http: client.http(), redirectUri: 'https://me/cb', now })
    )?.[0];

  test.each([
    [400, { error: 'invalid_grant' }, 'ok'],
    [401, { error: 'invalid_client' }, 'failed'],
    [503, {}, 'unknown'],
  ])('by %i %j: the application is %s', async (status, json, told) => {
    await using server = await startRoutes({ 'POST /token': () => ({ status, json }) });
    expect(await check(server.origin)).toMatchObject({ name: 'credentials', status: told });
  });
});
