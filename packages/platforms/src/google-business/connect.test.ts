import { afterAll, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { googleBusiness } from './index.ts';

const client = openTestClient('google-business');
afterAll(() => client[Symbol.asyncDispose]());

const location = (id: string, more: object = {}) => ({ name: `locations/${id}`, title: `Shop ${id}`, ...more });
const routes: Parameters<typeof startRoutes>[0] = {
  'GET /v1/accounts': () => ({ json: { accounts: [{ name: 'accounts/1' }, { name: 'accounts/2' }] } }),
  'GET /v1/accounts/1/locations': ({ query }) =>
    query['pageToken'] === undefined
      ? { json: { locations: [location('11')], nextPageToken: 'P2' } }
      : { json: { locations: [location('12'), location('13', { metadata: { canOperateLocalPost: false } })] } },
  // A location that is in two accounts, and an account without locations.
  'GET /v1/accounts/2/locations': () => ({ json: { locations: [location('11'), location('21')] } }),
};
const connect = (origin: string, more: Record<string, string> = {}) =>
  googleBusiness.manual?.connect({
    endpoints: testEndpoints({ api: origin, hosts: { accounts: origin, information: origin, token: origin } }),
    http: client.http(),
    credentials: { accessToken: 't', ...more },
    now: new Date(),
  });

test('a consent opens the locations of all accounts, each with the account that it is in', async () => {
  await using server = await startRoutes({
    ...routes,
    'POST /token': () => ({ json: { access_token: 'fresh', refresh_token: 'again', expires_in: 3_599 } }),
  });
  const endpoints = testEndpoints({
    api: server.origin,
    hosts: { accounts: server.origin, information: server.origin, token: server.origin },
    client: { id: 'app', secret: 's3cret' },
  });
  const grant = await googleBusiness.oauth?.exchange({
    endpoints,
    http: client.http(),
    redirectUri: 'https://me/cb',
    code: 'c0de',
    issuer: null,
    codeVerifier: 'v',
    pending: {},
    now: new Date(),
  });
  expect(grant).toMatchObject({
    credentials: { accessToken: 'fresh', refreshToken: 'again', details: { '11': '1', '12': '1', '21': '2' } },
    accounts: [{ externalId: '11', handle: 'Shop 11' }, { externalId: '12' }, { externalId: '21' }],
  });
});

test('by hand one of several locations is named', async () => {
  await using server = await startRoutes(routes);
  expect(await connect(server.origin, { externalId: '21' })).toMatchObject({
    credentials: { details: { '21': '2' } },
    accounts: [{ externalId: '21', displayName: 'Shop 21' }],
  });
  await expect(connect(server.origin)).rejects.toMatchObject({ platformCode: 'location_not_named' });
  await expect(connect(server.origin, { externalId: '13' })).rejects.toMatchObject({
    platformCode: 'account_mismatch',
  });
});

test('a person without a location is told so', async () => {
  await using server = await startRoutes({ 'GET /v1/accounts': () => ({ json: {} }) });
  await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'permission', platformCode: 'no_location' });
});
