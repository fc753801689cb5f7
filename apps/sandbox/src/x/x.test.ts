import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const basic = {
  authorization: `Basic ${Buffer.from('vibetribe-sandbox:vibetribe-sandbox-secret').toString('base64')}`,
};
const redirect_uri = 'http://127.0.0.1:9/callback?keep=1';
const verifier = 'v'.repeat(50);

function authorizeUrl(overrides: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'vibetribe-sandbox',
    redirect_uri,
    scope: 'tweet.read tweet.write users.read offline.access',
    state: 'the state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...overrides,
  });
  return `/x/i/oauth2/authorize?${query.toString()}`;
}

async function authorize(handle: string): Promise<string> {
  const reply = await sandbox.send(authorizeUrl({ sandbox_approve: handle }));
  expect(reply.status).toBe(302);
  return new URL(reply.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

function exchange(code: string, overrides: Record<string, string> = {}) {
  const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...overrides };
  return sandbox.send('/x/2/oauth2/token', { form, headers: basic });
}

type Tokens = { access_token: string; refresh_token: string };

test('approving makes the account and redirects with code and state, keeping the query of the address', async () => {
  const reply = await sandbox.send(authorizeUrl({ sandbox_approve: 'fresh' }));
  const location = new URL(reply.headers.get('location') ?? '');
  expect(location.origin + location.pathname).toBe('http://127.0.0.1:9/callback');
  expect(location.searchParams.get('state')).toBe('the state');
  expect(location.searchParams.get('keep')).toBe('1');
  const token = await exchange(location.searchParams.get('code') ?? '');
  expect(token.status).toBe(200);
  expect(token.body).toMatchObject({
    token_type: 'bearer',
    expires_in: 7200,
    scope: expect.stringContaining('offline.access'),
  });
  const me = await sandbox.send('/x/2/users/me', { token: (token.body as Tokens).access_token });
  expect(me.body).toMatchObject({ data: { id: expect.any(String), username: 'fresh', name: 'fresh' } });
});

test('without an approval the page asks which account to connect', async () => {
  await sandbox.account('x', 'listed');
  const reply = await sandbox.send(authorizeUrl());
  expect(reply.status).toBe(200);
  expect(reply.text).toContain('@listed');
  expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test.each([
  ['an unknown client', { client_id: 'someone' }],
  ['no challenge', { code_challenge: '' }],
  ['an unknown challenge method', { code_challenge_method: 'S512' }],
  ['another response type', { response_type: 'token' }],
])('%s is refused on a page, without a redirect', async (_what, overrides) => {
  const reply = await sandbox.send(authorizeUrl({ ...overrides, sandbox_approve: 'mallory' }));
  expect(reply.status).toBe(400);
  expect(reply.headers.get('location')).toBeNull();
});

test('a code works once', async () => {
  const code = await authorize('once');
  expect((await exchange(code)).status).toBe(200);
  const again = await exchange(code);
  expect(again.status).toBe(400);
  expect(again.body).toEqual({
    error: 'invalid_request',
    error_description: 'Value passed for the authorization code was invalid.',
  });
});

test.each([
  ['another redirect address', { redirect_uri: 'http://127.0.0.1:9/other' }],
  ['another verifier', { code_verifier: 'w'.repeat(50) }],
])('a code with %s is refused', async (_what, overrides) => {
  expect((await exchange(await authorize('pkce'), overrides)).status).toBe(400);
});

test('a plain challenge is compared as it is', async () => {
  const reply = await sandbox.send(
    authorizeUrl({ code_challenge: verifier, code_challenge_method: 'plain', sandbox_approve: 'plain' }),
  );
  const code = new URL(reply.headers.get('location') ?? '').searchParams.get('code') ?? '';
  expect((await exchange(code)).status).toBe(200);
});

test('the token route needs the client in the Authorization header', async () => {
  const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'vibetribe-sandbox' };
  const reply = await sandbox.send('/x/2/oauth2/token', { form });
  expect(reply.status).toBe(401);
  expect(reply.body).toMatchObject({ error: 'unauthorized_client' });
});

test('a refresh rotates: the old refresh token is dead, the new one lives', async () => {
  const { refreshToken = '' } = await sandbox.account('x', 'rotating');
  const refresh = (refresh_token: string) =>
    sandbox.send('/x/2/oauth2/token', { form: { grant_type: 'refresh_token', refresh_token }, headers: basic });
  const first = await refresh(refreshToken);
  expect(first.status).toBe(200);
  const second = await refresh(refreshToken);
  expect(second.status).toBe(400);
  expect(second.body).toEqual({
    error: 'invalid_request',
    error_description: 'Value passed for the token was invalid.',
  });
  expect((await refresh((first.body as Tokens).refresh_token)).status).toBe(200);
});

test('without offline.access there is no refresh token', async () => {
  const reply = await sandbox.send(authorizeUrl({ scope: 'tweet.read users.read', sandbox_approve: 'short' }));
  const code = new URL(reply.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const token = await exchange(code);
  expect(token.body).not.toHaveProperty('refresh_token');
  const post = await sandbox.send('/x/2/tweets', {
    token: (token.body as Tokens).access_token,
    json: { text: 'no scope' },
  });
  expect(post.status).toBe(403);
});

test('revoking kills the grant', async () => {
  const { accessToken, refreshToken = '' } = await sandbox.account('x', 'leaving');
  const reply = await sandbox.send('/x/2/oauth2/revoke', { form: { token: accessToken }, headers: basic });
  expect(reply.body).toEqual({ revoked: true });
  expect((await sandbox.send('/x/2/users/me', { token: accessToken })).status).toBe(401);
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  expect((await sandbox.send('/x/2/oauth2/token', { form, headers: basic })).status).toBe(400);
});

test('a code dies after thirty seconds, an access token after two hours', async () => {
  const code = await authorize('slow');
  const { accessToken } = await sandbox.account('x', 'old');
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 30_000 } });
  expect((await exchange(code)).status).toBe(400);
  expect((await sandbox.send('/x/2/users/me', { token: accessToken })).status).toBe(200);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 7_200_000 } });
  const expired = await sandbox.send('/x/2/users/me', { token: accessToken });
  expect(expired.status).toBe(401);
  expect(expired.body).toEqual({ title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' });
});
