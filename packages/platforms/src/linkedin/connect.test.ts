import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { linkedin } from './index.ts';

const client = openTestClient('linkedin');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const main = { id: 'main-id', secret: 'main-secret' };
const own = { id: 'org-id', secret: 'org-secret' };
const endpointsAt = (origin: string, clients: Record<string, typeof own> = {}) =>
  testEndpoints({ api: origin, authorize: origin, version: '202609', client: main, clients });
const denied = () => ({ status: 403, json: { status: 403, code: 'ACCESS_DENIED', message: 'm' } });
const issued =
  (more: object = {}) =>
  () => ({ json: { access_token: 'token', expires_in: 5_184_000, ...more } });
const userInfo = () => ({ json: { sub: 'ada', name: 'Ada L' } });

async function connect(routes: Parameters<typeof startRoutes>[0], clients: Record<string, typeof own> = {}) {
  await using server = await startRoutes(routes);
  const endpoints = endpointsAt(server.origin, clients);
  const call = { endpoints, http: client.http(), redirectUri: 'http://us/callback', now };
  const begun = await linkedin.oauth?.begin({
    ...call,
    state: 's',
    codeChallenge: 'c',
    server: null,
    handle: null,
    client: null,
  });
  const pending = begun?.pending ?? {};
  const answer = { ...call, code: 'code', issuer: null, codeVerifier: 'v', pending };
  const grant = await linkedin.oauth?.exchange(answer);
  return { url: new URL(begun?.authorizationUrl ?? ''), grant, seen: server.seen };
}

describe('a consent', () => {
  test('of a person opens them, ends in 60 days and cannot be renewed', async () => {
    const { url, grant, seen } = await connect({
      'POST /oauth/v2/accessToken': issued({ scope: 'openid,profile,w_member_social' }),
      'GET /v2/userinfo': userInfo,
    });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'main-id',
      scope: 'openid profile w_member_social',
    });
    expect(grant).toMatchObject({
      credentials: { expiresAt: '2027-01-21T10:00:00.000Z', scopes: ['openid', 'profile', 'w_member_social'] },
      accounts: [{ externalId: 'urn:li:person:ada', displayName: 'Ada L' }],
    });
    expect(seen[0]?.body).toContain('client_secret=main-secret');
    const credentials = grant?.credentials;
    expect(credentials && linkedin.refresh?.isPossible(credentials, now)).toBe(false);
  });

  test('through the application for organizations opens those too, each with its name, and is renewable for a year', async () => {
    const { url, grant } = await connect(
      {
        'POST /oauth/v2/accessToken': issued({ refresh_token: 'again', refresh_token_expires_in: 31_536_000 }),
        'GET /v2/userinfo': denied,
        'GET /v2/me': () => ({ json: { id: 'ada', localizedFirstName: 'Ada', localizedLastName: 'L' } }),
        'GET /rest/organizationAcls': () => ({
          json: { elements: [{ organization: 'urn:li:organization:17', role: 'ADMINISTRATOR' }] },
        }),
        'GET /rest/organizations/17': () => ({ json: { id: 17, localizedName: 'Acme Ltd', vanityName: 'acme' } }),
      },
      { organization: own },
    );
    expect(url.searchParams.get('client_id')).toBe('org-id');
    expect(grant?.accounts).toEqual([
      { externalId: 'urn:li:person:ada', handle: 'Ada L', displayName: 'Ada L' },
      { externalId: 'urn:li:organization:17', handle: 'acme', displayName: 'Acme Ltd' },
    ]);
    if (grant === undefined) throw new Error('no grant');
    expect(linkedin.refresh?.isPossible(grant.credentials, new Date('2027-11-22T09:00:00Z'))).toBe(true);
    expect(linkedin.refresh?.isPossible(grant.credentials, new Date('2027-11-22T11:00:00Z'))).toBe(false);
  });

  test('whose fresh token LinkedIn calls revoked for a moment is asked about again', async () => {
    let asked = 0;
    const { grant } = await connect({
      'POST /oauth/v2/accessToken': issued(),
      'GET /v2/userinfo': () => {
        asked += 1;
        return asked === 1
          ? { status: 401, json: { status: 401, code: 'REVOKED_ACCESS_TOKEN', message: 'm' } }
          : userInfo();
      },
    });
    expect(grant?.accounts).toHaveLength(1);
  });
});

test('a renewal keeps the refresh token and goes to the application that it is of', async () => {
  await using server = await startRoutes({ 'POST /oauth/v2/accessToken': issued() });
  const credentials = { accessToken: 'old', refreshToken: 'again', details: { login: 'organization' }, scopes: ['a'] };
  const renewed = await linkedin.refresh?.refresh({
    endpoints: endpointsAt(server.origin, { organization: own }),
    http: client.http(),
    account: { externalId: 'urn:li:person:ada', handle: 'Ada', service: null },
    credentials,
    now,
  });
  expect(renewed).toMatchObject({ accessToken: 'token', refreshToken: 'again', scopes: ['a'] });
  expect(server.seen[0]?.body).toContain('client_id=org-id');
});

describe('by hand', () => {
  async function connectBy(credentials: Record<string, string>, routes: Parameters<typeof startRoutes>[0] = {}) {
    await using server = await startRoutes({
      'GET /v2/userinfo': userInfo,
      'GET /rest/organizations/17': () => ({ json: { localizedName: 'Acme Ltd', vanityName: 'acme' } }),
      ...routes,
    });
    const call = { endpoints: endpointsAt(server.origin), http: client.http(), now };
    return await linkedin.manual?.connect({ ...call, credentials: { accessToken: 'token', ...credentials } });
  }

  test('the end is given, else told by LinkedIn, else sixty days away', async () => {
    const expiresAt = '2026-12-01T00:00:00Z';
    expect((await connectBy({ expiresAt }))?.credentials.expiresAt).toBe(expiresAt);
    const told = {
      'POST /oauth/v2/introspectToken': () => ({ json: { active: true, expires_at: 1_800_000_000, scope: 'a,b' } }),
    };
    expect((await connectBy({}, told))?.credentials).toMatchObject({
      expiresAt: '2027-01-15T08:00:00.000Z',
      scopes: ['a', 'b'],
    });
    expect((await connectBy({}))?.credentials.expiresAt).toBe('2027-01-21T10:00:00.000Z');
  });

  test('an organization is named by its URN; somebody else’s is refused', async () => {
    const organization = await connectBy({ externalId: 'urn:li:organization:17' });
    expect(organization?.accounts).toMatchObject([{ externalId: 'urn:li:organization:17', handle: 'acme' }]);
    await expect(connectBy({ externalId: 'urn:li:person:eve' })).rejects.toMatchObject({ kind: 'permission' });
    expect(linkedin.manual?.credentials.safeParse({ accessToken: 't', externalId: '17' }).success).toBe(false);
  });
});
