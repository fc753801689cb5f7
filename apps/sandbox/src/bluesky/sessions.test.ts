import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('bluesky', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Session = z.looseObject({ did: z.string(), handle: z.string(), accessJwt: z.string(), refreshJwt: z.string() });
type Session = z.infer<typeof Session>;

const signIn = (identifier: string, password: string | undefined) =>
  sandbox.bluesky('com.atproto.server.createSession', { json: { identifier, password } });
const session = async (account = ada): Promise<Session> =>
  Session.parse((await signIn(account.account.id, account.appPassword)).body);
const refresh = (token: string) => sandbox.bluesky('com.atproto.server.refreshSession', { method: 'POST', token });
const whoAmI = (token: string) => sandbox.bluesky('com.atproto.server.getSession', { token });

test('a handle without a dot becomes a name of this server, with a DID of its own', () => {
  expect(ada.account).toEqual({ id: expect.stringMatching(/^did:plc:[a-z2-7]{24}$/), handle: 'ada.test' });
});

test('an app password opens a session by handle and by DID', async () => {
  for (const identifier of [ada.account.handle, ada.account.id]) {
    const reply = await signIn(identifier, ada.appPassword);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      did: ada.account.id,
      handle: 'ada.test',
      active: true,
      didDoc: {
        id: ada.account.id,
        service: [{ id: '#atproto_pds', serviceEndpoint: sandbox.running.hosts['bluesky'] }],
      },
    });
    const { accessJwt } = Session.parse(reply.body);
    expect((await whoAmI(accessJwt)).body).toMatchObject({ did: ada.account.id, handle: 'ada.test' });
    const claims = z.object({ exp: z.number(), iat: z.number(), sub: z.string() });
    const { exp, iat, sub } = claims.parse(
      JSON.parse(Buffer.from(accessJwt.split('.')[1] ?? '', 'base64url').toString()),
    );
    expect([exp - iat, sub]).toEqual([7200, ada.account.id]);
  }
});

test.each([
  ['a wrong password', () => signIn(ada.account.handle, 'aaaa-bbbb-cccc-dddd')],
  ['an unknown account', () => signIn('nobody.test', ada.appPassword)],
  [
    'the password of somebody else',
    async () => signIn('ada.test', (await sandbox.account('bluesky', 'eve')).appPassword),
  ],
])('%s is refused alike', async (_what, attempt) => {
  const reply = await attempt();
  expect(reply.status).toBe(401);
  expect(reply.body).toEqual({ error: 'AuthenticationRequired', message: 'Invalid identifier or password' });
});

test('a refresh rotates; the old token gives the same pair within the grace and is dead after it', async () => {
  const { refreshJwt } = await session();
  const first = Session.parse((await refresh(refreshJwt)).body);
  expect(first.refreshJwt).not.toBe(refreshJwt);
  const again = Session.parse((await refresh(refreshJwt)).body);
  expect([again.accessJwt, again.refreshJwt]).toEqual([first.accessJwt, first.refreshJwt]);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 2 * 3_600_000 } });
  expect((await refresh(refreshJwt)).body).toEqual({ error: 'ExpiredToken', message: 'Token has expired' });
  expect((await refresh(first.refreshJwt)).status).toBe(200);
});

test('an expired access token answers 400 ExpiredToken, not 401', async () => {
  const { accessJwt } = await session();
  await sandbox.send('/_sandbox/tokens/expire', { json: { platform: 'bluesky', account: 'ada' } });
  const reply = await whoAmI(accessJwt);
  expect(reply.status).toBe(400);
  expect(reply.body).toEqual({ error: 'ExpiredToken', message: 'Token has expired' });
});

test('a deleted session cannot be refreshed, its access token lives on', async () => {
  const { accessJwt, refreshJwt } = await session();
  expect(
    (await sandbox.bluesky('com.atproto.server.deleteSession', { method: 'POST', token: refreshJwt })).status,
  ).toBe(200);
  const reply = await refresh(refreshJwt);
  expect(reply.status).toBe(400);
  expect(reply.body).toEqual({ error: 'ExpiredToken', message: 'Token has been revoked' });
  expect((await whoAmI(accessJwt)).status).toBe(200);
});

test('no token, a foreign token and the wrong kind of token are told apart', async () => {
  const { accessJwt, refreshJwt } = await session();
  expect(await sandbox.bluesky('com.atproto.server.getSession')).toMatchObject({
    status: 401,
    body: { error: 'AuthMissing' },
  });
  expect(await whoAmI('some.foreign.token')).toMatchObject({ status: 400, body: { error: 'InvalidToken' } });
  expect(await whoAmI(refreshJwt)).toMatchObject({ status: 400, body: { error: 'InvalidToken' } });
  expect(await refresh(accessJwt)).toMatchObject({ status: 400, body: { error: 'InvalidToken' } });
});

test('revoking the account kills sessions and the app password', async () => {
  const max = await sandbox.account('bluesky', 'max');
  const { accessJwt, refreshJwt } = await session(max);
  await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'bluesky', account: 'max.test' } });
  expect(await whoAmI(accessJwt)).toMatchObject({ status: 400, body: { error: 'ExpiredToken' } });
  expect(await refresh(refreshJwt)).toMatchObject({ status: 400, body: { message: 'Token has been revoked' } });
  expect((await signIn('max.test', max.appPassword)).status).toBe(401);
});

test('thirty sign-ins in five minutes are allowed', async () => {
  const kim = await sandbox.account('bluesky', 'kim');
  let last = await signIn('kim.test', kim.appPassword);
  for (let index = 0; index < 30; index += 1) last = await signIn('kim.test', kim.appPassword);
  expect(last).toMatchObject({ status: 429, body: { error: 'RateLimitExceeded', message: 'Rate Limit Exceeded' } });
  expect(last.headers.get('ratelimit-policy')).toBe('30;w=300');
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(200);
});

test('the server describes itself and resolves handles', async () => {
  expect((await sandbox.bluesky('com.atproto.server.describeServer')).body).toMatchObject({
    did: `did:web:${encodeURIComponent(new URL(sandbox.running.hosts['bluesky'] ?? '').host)}`,
    availableUserDomains: ['.test'],
  });
  const found = await sandbox.bluesky('com.atproto.identity.resolveHandle?handle=ada.test');
  expect(found.body).toEqual({ did: ada.account.id });
  expect((await sandbox.bluesky('com.atproto.identity.resolveHandle?handle=nobody.test')).status).toBe(400);
});
