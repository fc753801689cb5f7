import { afterAll, describe, expect, test } from 'vitest';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { blueskyManual, blueskyRefresh } from './session.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('bluesky');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const create = 'POST /xrpc/com.atproto.server.createSession';
const refresh = 'POST /xrpc/com.atproto.server.refreshSession';
const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const session = (more: object = {}) => ({
  json: {
    did: 'did:plc:ada',
    handle: 'ada.test',
    accessJwt: jwt({ exp: 1_795_348_800 }),
    refreshJwt: 'r2',
    active: true,
    ...more,
  },
});
const dead = (error: string, status = 400) => ({ status, json: { error, message: 'r1 is not valid' } });

describe('connecting', () => {
  const connect = (service: string | undefined, api: string | null = null) =>
    blueskyManual.connect({
      endpoints: testEndpoints({ api }),
      http: client.http(),
      credentials: { handle: '@ada.test', appPassword: 'abcd-efgh', ...(service === undefined ? {} : { service }) },
      now,
    });

  test('opens a session and takes its end from the token', async () => {
    await using server = await startRoutes({ [create]: () => session() });
    expect(await connect(server.origin)).toEqual({
      credentials: {
        accessToken: jwt({ exp: 1_795_348_800 }),
        refreshToken: 'r2',
        appPassword: 'abcd-efgh',
        expiresAt: '2026-11-22T12:00:00.000Z',
        scopes: [],
      },
      service: server.origin,
      accounts: [{ externalId: 'did:plc:ada', handle: 'ada.test', displayName: 'ada.test' }],
    });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ identifier: 'ada.test', password: 'abcd-efgh' });
  });

  test('uses the default server where none is named, and asks for one where there is no default', async () => {
    await using server = await startRoutes({ [create]: () => session({ accessJwt: 'opaque' }) });
    const grant = await connect(undefined, server.origin);
    expect(grant).toMatchObject({ service: server.origin });
    expect(grant.credentials).not.toHaveProperty('expiresAt');
    await expect(connect(undefined)).rejects.toMatchObject({ platformCode: 'service_missing' });
  });

  test("goes on with the account's own server", async () => {
    const didDoc = {
      service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.example' }],
    };
    await using server = await startRoutes({ [create]: () => session({ didDoc }) });
    expect((await connect(server.origin)).service).toBe('https://pds.example');
  });

  test('tells a wrong password, a second factor and a closed account apart from an outage', async () => {
    const answers = [
      dead('AuthenticationRequired', 401),
      dead('AuthFactorTokenRequired', 401),
      session({ active: false }),
      dead('X', 503),
    ];
    await using server = await startRoutes({ [create]: () => answers.shift() ?? session() });
    for (const kind of ['auth_revoked', 'auth_revoked', 'policy', 'unavailable']) {
      await expect(connect(server.origin)).rejects.toMatchObject({ kind });
    }
  });
});

describe('refreshing', () => {
  const run = (service: string, credentials: { refreshToken?: string; appPassword?: string }) =>
    blueskyRefresh.refresh({
      endpoints: testEndpoints(),
      http: client.http(),
      account: { externalId: 'did:plc:ada', handle: 'ada.test', service },
      credentials: { accessToken: 'a1', scopes: [], ...credentials },
      now,
    });

  test('rotates with the refresh token and no body', async () => {
    await using server = await startRoutes({ [refresh]: () => session() });
    expect(await run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).toMatchObject({
      refreshToken: 'r2',
      appPassword: 'pw',
    });
    expect(server.seen).toMatchObject([{ route: refresh, body: '', headers: { authorization: 'Bearer r1' } }]);
  });

  test.each(['ExpiredToken', 'InvalidToken'])(
    'falls back to the app password where the refresh token is dead (%s)',
    async (error) => {
      await using server = await startRoutes({ [refresh]: () => dead(error), [create]: () => session() });
      expect(await run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).toMatchObject({ refreshToken: 'r2' });
      expect(JSON.parse(server.seen[1]?.body ?? '')).toEqual({ identifier: 'did:plc:ada', password: 'pw' });
    },
  );

  test.each([
    ['deactivated', 'is deactivated'],
    ['takendown', 'has been taken down'],
    ['suspended', 'is suspended'],
    ['deleted', 'does not exist any more'],
    [undefined, 'is not active'],
  ])('says that the account is gone where its session is not active (%s)', async (status, words) => {
    await using server = await startRoutes({ [refresh]: () => session({ active: false, status }) });
    await expect(run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).rejects.toMatchObject({
      accountGone: words,
      message: `Bluesky says that the account ${words}`,
    });
    expect(server.seen).toHaveLength(1);
  });

  test.each(['desynchronized', 'throttled'])('waits where its server is not ready for it (%s)', async (status) => {
    await using server = await startRoutes({ [refresh]: () => session({ active: false, status }) });
    await expect(run(server.origin, { refreshToken: 'r1' })).rejects.toMatchObject({
      kind: 'unavailable',
      accountGone: null,
    });
  });

  test('says so where a server knows no account for the refresh token any more', async () => {
    await using server = await startRoutes({
      [refresh]: () => ({
        status: 400,
        json: { error: 'InvalidRequest', message: 'Could not find user info for account: did:plc:ada' },
      }),
      [create]: () => dead('AuthenticationRequired', 401),
    });
    await expect(run(server.origin, { refreshToken: 'r1' })).rejects.toMatchObject({ kind: 'auth_revoked' });
    await expect(run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).rejects.toMatchObject({
      kind: 'auth_revoked',
    });
  });

  test('says what happened to the account, in words without a secret', async () => {
    await using server = await startRoutes({ [refresh]: () => dead('AccountTakedown', 401) });
    await expect(run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).rejects.toMatchObject({
      message: 'Bluesky says that the account has been taken down',
      platformCode: 'AccountTakedown',
    });
  });

  test('does not spend the app password on an outage', async () => {
    await using server = await startRoutes({ [refresh]: () => dead('Down', 503), [create]: () => session() });
    await expect(run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(server.seen).toHaveLength(1);
  });

  test('asks for a new grant where both are dead or gone', async () => {
    await using server = await startRoutes({
      [refresh]: () => dead('ExpiredToken'),
      [create]: () => dead('AuthenticationRequired', 401),
    });
    await expect(run(server.origin, { refreshToken: 'r1', appPassword: 'pw' })).rejects.toMatchObject({
      kind: 'auth_revoked',
    });
    await expect(run(server.origin, { refreshToken: 'r1' })).rejects.toMatchObject({ kind: 'auth_revoked' });
    await expect(run(server.origin, {})).rejects.toMatchObject({ kind: 'auth_revoked', platformCode: 'grant_missing' });
  });
});
