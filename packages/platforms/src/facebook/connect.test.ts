import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { facebook } from './index.ts';
import { facebookManual } from './manual.ts';
import { facebookOAuth, facebookRefresh } from './oauth.ts';

const client = openTestClient('facebook');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const at = (origin: string) =>
  testEndpoints({ api: origin, authorize: origin, version: 'v25.0', client: { id: 'app', secret: 's3cret' } });
const page = (id: string, more: object = {}) => ({
  id,
  name: `Page ${id}`,
  access_token: `token-${id}`,
  tasks: ['CREATE_CONTENT'],
  ...more,
});
const expired = { status: 400, json: { error: { message: 'm', code: 190, error_subcode: 463 } } };
const tokenRoute = 'POST /v25.0/oauth/access_token';
const pagesRoute = 'GET /v25.0/me/accounts';
const meRoute = 'GET /v25.0/me';
const person = {
  [meRoute]: () => ({ json: { id: '1' } }),
  'GET /v25.0/me/permissions': () => ({
    json: {
      data: [
        { permission: 'pages_manage_posts', status: 'granted' },
        { permission: 'read_insights', status: 'declined' },
      ],
    },
  }),
};

describe('a consent', () => {
  const exchange = (origin: string) =>
    facebookOAuth.exchange({
      endpoints: at(origin),
      http: client.http(),
      redirectUri: 'https://me/cb',
      code: 'c0de',
      issuer: null,
      codeVerifier: 'v',
      pending: {},
      now,
    });

  test('opens the pages that may be posted to, on all pages of the list, each with its own token', async () => {
    let tokens = 0;
    await using server = await startRoutes({
      ...person,
      [tokenRoute]: () => ({ json: { access_token: ['short', 'long'][tokens++], expires_in: 5_183_944 } }),
      [pagesRoute]: ({ query }) =>
        query['after'] === undefined
          ? {
              json: {
                data: [page('10', { username: 'shop' }), page('11', { tasks: ['ANALYZE'] })],
                paging: { cursors: { after: 'x' }, next: 'n' },
              },
            }
          : { json: { data: [page('12')], paging: { cursors: { after: 'y' } } } },
    });
    expect(await exchange(server.origin)).toEqual({
      credentials: {
        accessToken: 'long',
        refreshToken: 'long',
        accountTokens: { '10': 'token-10', '12': 'token-12' },
        scopes: ['pages_manage_posts'],
      },
      service: null,
      grantedBy: '1',
      accounts: [
        { externalId: '10', handle: 'shop', displayName: 'Page 10' },
        { externalId: '12', handle: 'Page 12', displayName: 'Page 12' },
      ],
    });
    for (const { query } of server.seen) expect(JSON.stringify(query)).not.toContain('s3cret');
  });

  test('that opens no page is refused, and says why', async () => {
    await using server = await startRoutes({
      ...person,
      [tokenRoute]: () => ({ json: { access_token: 't' } }),
      [pagesRoute]: () => ({ json: { data: [] } }),
    });
    await expect(exchange(server.origin)).rejects.toMatchObject({ kind: 'permission', platformCode: 'no_page' });
  });

  test('without an application configured says what to set', async () => {
    const request = {
      redirectUri: 'https://me/cb',
      state: 's',
      codeChallenge: 'c',
      server: null,
      handle: null,
      client: null,
      now,
    };
    const begin = facebookOAuth.begin({
      ...request,
      http: client.http(),
      endpoints: { ...at('https://x'), client: null },
    });
    await expect(begin).rejects.toThrow(/FACEBOOK_CLIENT_ID/u);
  });
});

describe('renewal', () => {
  const credentials = {
    accessToken: 'person',
    refreshToken: 'person',
    accountTokens: { '10': 'old', '11': 'old-11' },
    scopes: [],
  };
  const refresh = (origin: string) =>
    facebookRefresh.refresh({
      endpoints: at(origin),
      http: client.http(),
      account: { externalId: '10', handle: 'p', service: null },
      credentials,
      now,
    });

  test('makes new tokens of the pages that were connected, and of no other', async () => {
    await using server = await startRoutes({
      [tokenRoute]: () => ({ json: { access_token: 'person-2' } }),
      [pagesRoute]: () => ({ json: { data: [page('10'), page('99')] } }),
    });
    expect(await refresh(server.origin)).toEqual({
      accessToken: 'person-2',
      refreshToken: 'person-2',
      accountTokens: { '10': 'token-10', '11': 'old-11' },
      scopes: [],
    });
  });

  test('a page that the person has lost leaves the others; where all are lost, the grant is dead', async () => {
    const token = { [tokenRoute]: () => ({ json: { access_token: 'person-2' } }) };
    await using other = await startRoutes({ ...token, [pagesRoute]: () => ({ json: { data: [page('11')] } }) });
    expect((await refresh(other.origin)).accountTokens).toEqual({ '10': 'old', '11': 'token-11' });
    await using none = await startRoutes({ ...token, [pagesRoute]: () => ({ json: { data: [page('99')] } }) });
    await expect(refresh(none.origin)).rejects.toMatchObject({ kind: 'auth_revoked', platformCode: 'no_page' });
  });

  test('a person’s token that has ended does not end the grant while the page’s is taken', async () => {
    await using server = await startRoutes({
      [tokenRoute]: () => expired,
      [pagesRoute]: () => expired,
      [meRoute]: () => ({ json: { id: '10', name: 'Page 10' } }),
    });
    const renewed = await refresh(server.origin);
    expect(renewed).toEqual({ accessToken: 'person', accountTokens: credentials.accountTokens, scopes: [] });
    expect(facebookRefresh.isPossible(renewed, now)).toBe(false);
  });

  test('where the page’s token is refused too, the grant is dead; where nobody answers, it is not', async () => {
    await using dead = await startRoutes({
      [tokenRoute]: () => expired,
      [pagesRoute]: () => expired,
      [meRoute]: () => expired,
    });
    await expect(refresh(dead.origin)).rejects.toMatchObject({ kind: 'auth_revoked' });
    await using down = await startRoutes({ [tokenRoute]: () => ({ status: 500, json: {} }) });
    await expect(refresh(down.origin)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('by hand', () => {
  const connect = (origin: string, more: Record<string, string> = {}) =>
    facebookManual.connect({
      endpoints: at(origin),
      http: client.http(),
      credentials: { accessToken: 'given', ...more },
      now,
    });
  const notAPerson = {
    status: 400,
    json: { error: { message: '(#100) Tried accessing nonexisting field (accounts)', code: 100 } },
  };

  test('a page’s own token opens that page, a person’s the one that is named', async () => {
    await using own = await startRoutes({
      [pagesRoute]: () => notAPerson,
      [meRoute]: () => ({ json: { id: '10', name: 'Shop' } }),
    });
    expect(await connect(own.origin)).toMatchObject({
      credentials: { accessToken: 'given', accountTokens: { '10': 'given' } },
      accounts: [{ externalId: '10', handle: 'Shop' }],
    });
    await expect(connect(own.origin, { externalId: '11' })).rejects.toMatchObject({ platformCode: 'account_mismatch' });

    await using persons = await startRoutes({ [pagesRoute]: () => ({ json: { data: [page('10'), page('11')] } }) });
    expect(await connect(persons.origin, { externalId: '11' })).toMatchObject({
      credentials: { refreshToken: 'given', accountTokens: { '11': 'token-11' } },
      accounts: [{ externalId: '11' }],
    });
    await expect(connect(persons.origin)).rejects.toMatchObject({ platformCode: 'page_not_named' });
    await expect(connect(persons.origin, { externalId: '12' })).rejects.toMatchObject({
      platformCode: 'account_mismatch',
    });
  });
});

describe('the doctor', () => {
  const check = (origin: string) =>
    facebook.doctor?.check?.({ endpoints: at(origin), http: client.http(), redirectUri: 'https://me/cb', now });

  test('says whether the id and the secret belong together, and when that cannot be said', async () => {
    await using good = await startRoutes({ [tokenRoute]: () => ({ json: { access_token: 'app|s' } }) });
    await using bad = await startRoutes({
      [tokenRoute]: () => ({ status: 400, json: { error: { code: 1, message: 'Error validating client secret.' } } }),
    });
    await using down = await startRoutes({ [tokenRoute]: () => ({ status: 503, json: {} }) });
    expect(await check(good.origin)).toMatchObject([{ status: 'ok' }]);
    expect(await check(bad.origin)).toMatchObject([
      { status: 'failed', action: expect.stringContaining('FACEBOOK_CLIENT_SECRET') },
    ]);
    expect(await check(down.origin)).toMatchObject([{ status: 'unknown' }]);
  });
});
