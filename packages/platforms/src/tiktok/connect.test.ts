import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { answerOf, openTestClient, startRoutes } from '../testing/test-platform.ts';
import { tiktokGrantRefusal, tiktokRefusal } from './errors.ts';
import { tiktok } from './index.ts';

const client = openTestClient('tiktok');
afterAll(() => client[Symbol.asyncDispose]());

const now = new Date('2026-11-22T10:00:00Z');
const application = { id: 'our-key', secret: 'secret' };
const at = (origin: string) => testEndpoints({ api: origin, authorize: origin, client: application });
const issued = (more: object = {}) => ({
  json: {
    access_token: 'act.1',
    refresh_token: 'rft.1',
    open_id: '-000a',
    expires_in: 7_200,
    refresh_expires_in: 15_552_000,
    scope: 'user.info.basic,video.publish',
    ...more,
  },
});
const ok = (data: object) => ({ json: { data, error: { code: 'ok' } } });
const user = () => ok({ user: { open_id: '-000a', display_name: 'Ada L' } });
const creator = () => ok({ creator_username: 'ada' });
const paths = {
  token: 'POST /v2/oauth/token/',
  user: 'GET /v2/user/info/',
  creator: 'POST /v2/post/publish/creator_info/query/',
};

test('a consent comes with a challenge in hex, and its tokens live as long as TikTok says', async () => {
  await using server = await startRoutes({
    [paths.token]: () => issued(),
    [paths.user]: user,
    [paths.creator]: creator,
  });
  const call = { endpoints: at(server.origin), http: client.http(), redirectUri: 'http://us/callback', now };
  const codeChallenge = createHash('sha256').update('verifier').digest('base64url');
  const begun = await tiktok.oauth?.begin({
    ...call,
    state: 's',
    codeChallenge,
    server: null,
    handle: null,
    client: null,
  });
  expect(Object.fromEntries(new URL(begun?.authorizationUrl ?? '').searchParams)).toMatchObject({
    client_key: 'our-key',
    scope: 'user.info.basic,user.info.stats,video.publish,video.upload,video.list',
    code_challenge: createHash('sha256').update('verifier').digest('hex'),
    code_challenge_method: 'S256',
  });
  const grant = await tiktok.oauth?.exchange({
    ...call,
    code: 'code',
    issuer: null,
    codeVerifier: 'verifier',
    pending: {},
  });
  expect(grant).toMatchObject({
    credentials: {
      refreshToken: 'rft.1',
      expiresAt: '2026-11-22T12:00:00.000Z',
      details: { renewableUntil: '2027-05-21T10:00:00.000Z' },
      scopes: ['user.info.basic', 'video.publish'],
    },
    accounts: [{ externalId: '-000a', handle: 'ada', displayName: 'Ada L' }],
  });
  expect(server.seen[0]?.body).toContain('code_verifier=verifier');
});

test('a user who may not post is known by their name', async () => {
  await using server = await startRoutes({
    [paths.user]: user,
    [paths.creator]: () => ({ status: 401, json: { error: { code: 'scope_not_authorized' } } }),
  });
  const credentials = { accessToken: 'act.1' };
  const grant = await tiktok.manual?.connect({ endpoints: at(server.origin), http: client.http(), credentials, now });
  expect(grant).toMatchObject({
    credentials: { expiresAt: '2026-11-22T12:00:00.000Z' },
    accounts: [{ handle: 'Ada L' }],
  });
});

test('a renewal that TikTok refuses with a status of success is told as refused', async () => {
  let answer: { json: unknown } = issued({ refresh_token: undefined });
  await using server = await startRoutes({ [paths.token]: () => answer });
  const account = { externalId: '-000a', handle: 'ada', service: null };
  const credentials = { accessToken: 'old', refreshToken: 'rft.0', scopes: ['a'] };
  const refresh = () =>
    tiktok.refresh?.refresh({ endpoints: at(server.origin), http: client.http(), account, credentials, now });
  expect(await refresh()).toMatchObject({ accessToken: 'act.1', refreshToken: 'rft.0' });
  answer = { json: { error: 'invalid_grant', error_description: 'rft.0 is dead', log_id: '1' } };
  await expect(refresh()).rejects.toMatchObject({
    kind: 'auth_revoked',
    message: expect.not.stringContaining('rft.0'),
  });
  answer = { json: { error: 'invalid_client', error_description: 'no' } };
  await expect(refresh()).rejects.toMatchObject({ kind: 'permission' });
});

describe('what is refused', () => {
  test.each([
    [401, 'access_token_invalid', 'auth_expired'],
    [401, 'scope_not_authorized', 'permission'],
    [403, 'spam_risk_too_many_posts', 'quota'],
    [403, 'reached_active_user_cap', 'quota'],
    [403, 'spam_risk_user_banned_from_posting', 'policy'],
    [403, 'unaudited_client_can_only_post_to_private_accounts', 'permission'],
    [403, 'url_ownership_unverified', 'permission'],
    [400, 'invalid_params', 'content'],
    [404, 'invalid_publish_id', 'not_found'],
    [429, 'rate_limit_exceeded', 'rate_limit'],
  ])('%i %s is told as %s', (status, code, kind) => {
    expect(tiktokRefusal(answerOf(status, { error: { code, message: 'why' } }))).toMatchObject({
      kind,
      platformCode: code,
    });
  });

  test('an application that was not audited is told what it may do', () => {
    const code = 'unaudited_client_can_only_post_to_private_accounts';
    expect(tiktokRefusal(answerOf(403, { error: { code } })).reason).toMatch(/audited.*SELF_ONLY/u);
  });

  test('a limit without a header is one of a minute', () => {
    expect(tiktokRefusal(answerOf(429, {})).retryAfterMs).toBe(60_000);
    expect(tiktok.exhaustedLimits(answerOf(429, {}))).toEqual([{ scope: 'account', resetMs: 60_000 }]);
    expect(tiktokGrantRefusal(answerOf(429, {}))).toMatchObject({ kind: 'rate_limit' });
  });
});

test('the doctor says what an application that was not audited may do, and where photos are fetched from', async () => {
  const check = (redirectUri: string) =>
    tiktok.doctor?.check?.({
      endpoints: testEndpoints({ client: application }),
      http: client.http(),
      redirectUri,
      now,
    });
  expect(await check('https://us.example/callback')).toMatchObject([
    { name: 'audit', status: 'unknown', detail: expect.stringContaining('SELF_ONLY') },
    { name: 'photo_addresses', status: 'unknown', action: expect.stringContaining('https://us.example/') },
  ]);
  expect(await check('http://127.0.0.1:3000/callback')).toMatchObject([
    {},
    { status: 'warning', action: expect.stringContaining('PUBLIC_URL') },
  ]);
});
