import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { instagram } from './index.ts';
import { instagramManual } from './manual.ts';
import { instagramOAuth } from './oauth.ts';
import { instagramRefresh } from './tokens.ts';

const client = openTestClient('instagram');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const hour = 3_600_000;
const app = { id: 'app', secret: 's3cret' };
const at = (origin: string) =>
  testEndpoints({
    api: origin,
    authorize: 'https://www.instagram.com',
    version: 'v25.0',
    hosts: { login: origin, pages: origin, dialog: 'https://www.facebook.com', upload: origin },
    client: app,
    clients: { page: { id: 'page-app', secret: 'p4ge' } },
  });
const begin = (server: string | null, origin = 'https://x') =>
  instagramOAuth.begin({
    endpoints: at(origin),
    http: client.http(),
    redirectUri: 'https://me/cb',
    state: 's',
    codeChallenge: 'c',
    server,
    handle: null,
    client: null,
    now,
  });
const exchange = (origin: string, pending: Record<string, string>, code = 'c0de#_') =>
  instagramOAuth.exchange({
    endpoints: at(origin),
    http: client.http(),
    redirectUri: 'https://me/cb',
    code,
    issuer: null,
    codeVerifier: 'v',
    pending,
    now,
  });
const me = {
  'GET /v25.0/me': () => ({ json: { id: '9', user_id: '17841000000000001', username: 'ada', name: 'Ada' } }),
};
const linked = (id: string) => ({
  access_token: `token-${id}`,
  tasks: ['CREATE_CONTENT'],
  instagram_business_account: { id, username: `u${id}` },
});
const refused = (code: number, subcode?: number) => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});

describe('a consent', () => {
  test('is asked for at Instagram unless the page’s login is named', async () => {
    const own = new URL((await begin(null)).authorizationUrl);
    expect(own.origin + own.pathname).toBe('https://www.instagram.com/oauth/authorize');
    expect(own.searchParams.get('client_id')).toBe('app');
    const page = await begin('https://www.facebook.com');
    expect(new URL(page.authorizationUrl).pathname).toBe('/v25.0/dialog/oauth');
    expect(new URL(page.authorizationUrl).searchParams.get('client_id')).toBe('page-app');
    expect(page.pending).toEqual({ login: 'page' });
    await expect(begin('https://social.example')).rejects.toMatchObject({
      kind: 'content',
      platformCode: 'login_unknown',
    });
  });

  test.each([
    ['bare', { access_token: 'short', user_id: 17_841, permissions: ['instagram_business_basic'] }],
    ['wrapped', { data: [{ access_token: 'short', user_id: '17841', permissions: 'instagram_business_basic' }] }],
  ])(
    'by Instagram’s own login becomes a grant of 60 days, its code without its tail (%s answer)',
    async (_how, json) => {
      await using server = await startRoutes({
        ...me,
        'POST /oauth/access_token': () => ({ json }),
        'GET /access_token': () => ({ json: { access_token: 'long', token_type: 'bearer', expires_in: 5_183_944 } }),
      });
      expect(await exchange(server.origin, { login: 'instagram' })).toEqual({
        credentials: {
          accessToken: 'long',
          issuedAt: now.toISOString(),
          expiresAt: new Date(now.getTime() + 5_183_944_000).toISOString(),
          details: { login: 'instagram' },
          scopes: ['instagram_business_basic'],
        },
        service: null,
        accounts: [{ externalId: '17841000000000001', handle: 'ada', displayName: 'Ada' }],
      });
      expect(new URLSearchParams(server.seen[0]?.body).get('code')).toBe('c0de');
    },
  );

  test('whose code is not good is refused', async () => {
    await using server = await startRoutes({
      'POST /oauth/access_token': () => ({
        status: 400,
        json: { error_type: 'OAuthException', code: 400, error_message: 'Invalid' },
      }),
    });
    await expect(exchange(server.origin, {})).rejects.toMatchObject({
      kind: 'auth_revoked',
      platformCode: 'login/400',
    });
  });

  test('by the page’s login asks for the right to take posts off where the operator has it', async () => {
    let granted: readonly string[] = [];
    await using server = await startRoutes({
      'POST /v25.0/oauth/access_token': () => ({ json: { access_token: 'person' } }),
      'GET /v25.0/me/permissions': () => ({
        json: { data: granted.map((permission) => ({ permission, status: 'granted' })) },
      }),
      'GET /v25.0/me/accounts': () => ({ json: { data: [linked('1')] } }),
    });
    const call = { http: client.http(), redirectUri: 'https://me/cb', now };
    const request = { ...call, state: 's', codeChallenge: 'c', server: 'https://www.facebook.com', handle: null };
    const grants = { ...call, code: 'c0de', issuer: null, codeVerifier: 'v', pending: { login: 'page' } };
    for (const extraScopes of [[], ['instagram_manage_contents']]) {
      const endpoints = { ...at(server.origin), extraScopes };
      const begun = await instagramOAuth.begin({ ...request, endpoints, client: null });
      granted = new URL(begun.authorizationUrl).searchParams.get('scope')?.split(',') ?? [];
      const { credentials } = await instagramOAuth.exchange({ ...grants, endpoints });
      expect(granted.includes('instagram_manage_contents')).toBe(extraScopes.length > 0);
      expect(instagram.keepsPosts?.({ ...credentials, details: { login: 'page' } }) === null).toBe(
        extraScopes.length > 0,
      );
    }
  });

  test('by the page’s login opens the accounts behind the pages, each with its page’s token', async () => {
    await using server = await startRoutes({
      'POST /v25.0/oauth/access_token': () => ({ json: { access_token: 'person' } }),
      'GET /v25.0/me/accounts': () => ({ json: { data: [linked('178410'), { access_token: 'x' }, linked('178411')] } }),
      'GET /v25.0/me/permissions': () => ({
        json: {
          data: [
            { permission: 'instagram_basic', status: 'granted' },
            { permission: 'instagram_manage_insights', status: 'declined' },
          ],
        },
      }),
    });
    const grant = await exchange(server.origin, { login: 'page' });
    expect(grant.credentials).toMatchObject({
      accountTokens: { '178410': 'token-178410', '178411': 'token-178411' },
      refreshToken: 'person',
      details: { login: 'page' },
      scopes: ['instagram_basic'],
    });
    expect(grant.accounts).toEqual([
      { externalId: '178410', handle: 'u178410', displayName: 'u178410' },
      { externalId: '178411', handle: 'u178411', displayName: 'u178411' },
    ]);
    await using empty = await startRoutes({
      'POST /v25.0/oauth/access_token': () => ({ json: { access_token: 'person' } }),
      'GET /v25.0/me/accounts': () => ({ json: { data: [{ access_token: 'x' }] } }),
      'GET /v25.0/me/permissions': () => ({ json: { data: [] } }),
    });
    await expect(exchange(empty.origin, { login: 'page' })).rejects.toMatchObject({ platformCode: 'no_account' });
  });
});

describe('renewal', () => {
  const own = { accessToken: 'old', issuedAt: now.toISOString(), details: { login: 'instagram' }, scopes: ['a'] };
  const refresh = (origin: string, credentials: Parameters<typeof instagramRefresh.refresh>[0]['credentials']) =>
    instagramRefresh.refresh({
      endpoints: at(origin),
      http: client.http(),
      account: { externalId: '178410', handle: 'a', service: null },
      credentials,
      now,
    });

  test('is possible from a day on, of a page’s token where there is the person’s', () => {
    const possible = (ageMs: number) => instagramRefresh.isPossible(own, new Date(now.getTime() + ageMs));
    expect([possible(23 * hour), possible(24 * hour), possible(50 * 24 * hour)]).toEqual([false, true, true]);
    const page = { accessToken: 'p', details: { login: 'page' }, scopes: [] };
    expect(instagramRefresh.isPossible(page, now)).toBe(false);
    expect(instagramRefresh.isPossible({ ...page, refreshToken: 'person' }, now)).toBe(true);
  });

  test('gives a token for another 60 days, and keeps what was granted', async () => {
    await using server = await startRoutes({
      'GET /refresh_access_token': () => ({ json: { access_token: 'new', expires_in: 5_183_944 } }),
    });
    expect(await refresh(server.origin, own)).toMatchObject({
      accessToken: 'new',
      scopes: ['a'],
      issuedAt: now.toISOString(),
    });
  });

  test.each([
    [refused(190, 463), 'auth_revoked'],
    [refused(4), 'rate_limit'],
    [{ status: 500, json: {} }, 'unavailable'],
  ])('that is answered %j ends as %s', async (answer, kind) => {
    await using server = await startRoutes({ 'GET /refresh_access_token': () => answer });
    await expect(refresh(server.origin, own)).rejects.toMatchObject({ kind });
  });

  test('of a page’s token that lives on although the person’s has ended does not end the grant', async () => {
    const page = {
      accessToken: 'person',
      refreshToken: 'person',
      accountTokens: { '178410': 'page' },
      details: { login: 'page' },
      scopes: [],
    };
    const ended = { 'POST /v25.0/oauth/access_token': () => refused(190, 463) };
    await using alive = await startRoutes({
      ...ended,
      'GET /v25.0/me': () => ({ json: { id: '1', instagram_business_account: { id: '178410' } } }),
    });
    expect(await refresh(alive.origin, page)).toEqual({
      accessToken: 'person',
      accountTokens: { '178410': 'page' },
      details: { login: 'page' },
      scopes: [],
    });
    await using dead = await startRoutes({ ...ended, 'GET /v25.0/me': () => refused(190, 458) });
    await expect(refresh(dead.origin, page)).rejects.toMatchObject({ kind: 'auth_revoked' });
  });
});

describe('by hand', () => {
  const connect = (origin: string, credentials: Record<string, string>) =>
    instagramManual.connect({ endpoints: at(origin), http: client.http(), credentials, now });

  test('a token of a day is renewed at once and says its end; a younger one is taken to live as long as one can', async () => {
    await using old = await startRoutes({
      ...me,
      'GET /refresh_access_token': () => ({ json: { access_token: 'new', expires_in: 100 } }),
    });
    expect(await connect(old.origin, { accessToken: 'IGAAold' })).toMatchObject({
      credentials: { accessToken: 'new', expiresAt: new Date(now.getTime() + 100_000).toISOString() },
    });
    await using young = await startRoutes({ ...me, 'GET /refresh_access_token': () => refused(10) });
    expect(await connect(young.origin, { accessToken: 'IGAAyoung' })).toMatchObject({
      credentials: { accessToken: 'IGAAyoung', expiresAt: new Date(now.getTime() + 60 * 24 * hour).toISOString() },
    });
    await using told = await startRoutes(me);
    const expiresAt = '2026-12-01T00:00:00Z';
    expect(await connect(told.origin, { accessToken: 'IGAA', expiresAt })).toMatchObject({
      credentials: { expiresAt },
    });
    await expect(connect(told.origin, { accessToken: 'IGAA', externalId: '1' })).rejects.toMatchObject({
      platformCode: 'account_mismatch',
    });
  });

  test('a person’s token opens the account that is named, a page’s own the one behind it', async () => {
    await using person = await startRoutes({
      'GET /v25.0/me/accounts': () => ({ json: { data: [linked('178410'), linked('178411')] } }),
    });
    expect(await connect(person.origin, { accessToken: 'EAAperson', externalId: '178411' })).toMatchObject({
      credentials: {
        refreshToken: 'EAAperson',
        accountTokens: { '178411': 'token-178411' },
        details: { login: 'page' },
      },
      accounts: [{ externalId: '178411' }],
    });
    await expect(connect(person.origin, { accessToken: 'EAAperson' })).rejects.toMatchObject({
      platformCode: 'account_not_named',
    });
    await using page = await startRoutes({
      'GET /v25.0/me/accounts': () => refused(100),
      'GET /v25.0/me': () => ({ json: { id: '1', instagram_business_account: { id: '178410', username: 'shop' } } }),
    });
    expect(await connect(page.origin, { accessToken: 'EAApage' })).toMatchObject({
      credentials: { accountTokens: { '178410': 'EAApage' } },
      accounts: [{ externalId: '178410', handle: 'shop' }],
    });
  });
});

test('the doctor says which of the two logins is set up', async () => {
  const check = (endpoints: ReturnType<typeof at>) =>
    instagram.doctor?.check?.({ endpoints, http: client.http(), redirectUri: 'https://me/cb', now });
  expect(await check(at('https://x'))).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
  expect(await check({ ...at('https://x'), client: null, clients: {} })).toMatchObject([
    { status: 'warning', action: expect.stringContaining('INSTAGRAM_CLIENT_ID') },
    { status: 'warning', action: expect.stringContaining('INSTAGRAM_PAGE_CLIENT_ID') },
  ]);
});
