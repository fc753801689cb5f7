import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let client: { client_id: string; client_secret: string };
beforeAll(async () => {
  sandbox = await startTestSandbox();
  client = await register();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const redirect_uri = 'http://127.0.0.1:9/callback';
const Client = z.object({ client_id: z.string(), client_secret: z.string() });
const Token = z.looseObject({ access_token: z.string() });

async function register(more: object = {}) {
  const json = {
    client_name: 'Test',
    redirect_uris: redirect_uri,
    scopes: 'read write',
    website: 'https://example.com',
    ...more,
  };
  return Client.parse((await sandbox.mastodon('/api/v1/apps', { json })).body);
}

function authorize(more: Record<string, string> = {}) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri,
    scope: 'read write:statuses',
    state: 's',
    ...more,
  });
  return sandbox.mastodon(`/oauth/authorize?${query.toString()}`);
}

async function codeFor(handle: string, more: Record<string, string> = {}): Promise<string> {
  const location = (await authorize({ sandbox_approve: handle, ...more })).headers.get('location') ?? '';
  return new URL(location).searchParams.get('code') ?? '';
}

function exchange(code: string, more: Record<string, string> = {}) {
  return sandbox.mastodon('/oauth/token', {
    form: { grant_type: 'authorization_code', code, redirect_uri, ...client, ...more },
  });
}

test('an application registers by JSON and by form', async () => {
  const form = { client_name: 'Form', redirect_uris: `${redirect_uri}\nurn:ietf:wg:oauth:2.0:oob` };
  const reply = await sandbox.mastodon('/api/v1/apps', { form });
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({
    name: 'Form',
    scopes: ['read'],
    redirect_uris: [redirect_uri, 'urn:ietf:wg:oauth:2.0:oob'],
  });
});

test.each([
  ['no name', { client_name: '' }],
  ['a relative address', { redirect_uris: 'callback' }],
  ['an unknown scope', { scopes: 'read fly' }],
])('an application with %s is refused with 422', async (_what, more) => {
  const json = { client_name: 'Test', redirect_uris: redirect_uri, ...more };
  const reply = await sandbox.mastodon('/api/v1/apps', { json });
  expect(reply).toMatchObject({ status: 422, body: { error: expect.stringContaining('Validation failed') } });
});

test('approving redirects with code and state; the token never expires and knows its account', async () => {
  const reply = await authorize({ sandbox_approve: '@ada' });
  expect(reply.status).toBe(302);
  const location = new URL(reply.headers.get('location') ?? '');
  expect(location.searchParams.get('state')).toBe('s');
  const token = await exchange(location.searchParams.get('code') ?? '');
  expect(token.body).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    scope: 'read write:statuses',
    created_at: expect.any(Number),
  });
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 365 * 86_400_000 } });
  const me = await sandbox.mastodon('/api/v1/accounts/verify_credentials', {
    token: Token.parse(token.body).access_token,
  });
  expect(me.body).toMatchObject({
    username: 'ada',
    acct: 'ada',
    display_name: 'ada',
    url: `${sandbox.running.hosts['mastodon']}/@ada`,
  });
});

test('without an approval the page asks which account to connect', async () => {
  expect(await authorize()).toMatchObject({ status: 200, text: expect.stringContaining('sandbox_approve') });
});

test.each<[string, Record<string, string>, number]>([
  ['an unknown client', { client_id: 'x' }, 401],
  ['an unregistered address', { redirect_uri: 'http://127.0.0.1:9/other' }, 400],
  ['a scope beyond the application', { scope: 'read push' }, 400],
  ['a plain challenge', { code_challenge: 'x', code_challenge_method: 'plain' }, 400],
])('%s is refused on a page, without a redirect', async (_what, more, status) => {
  const reply = await authorize({ ...more, sandbox_approve: 'eve' });
  expect(reply.status).toBe(status);
  expect(reply.headers.get('location')).toBeNull();
});

test('a code works once, for its client and its address, with its verifier', async () => {
  const grantError = { status: 400, body: { error: 'invalid_grant' } };
  const code = await codeFor('once');
  expect((await exchange(code)).status).toBe(200);
  expect(await exchange(code)).toMatchObject(grantError);
  expect(await exchange(await codeFor('once'), { redirect_uri: 'http://127.0.0.1:9/other' })).toMatchObject(grantError);
  expect(await exchange(await codeFor('once'), await register())).toMatchObject(grantError);

  const verifier = 'v'.repeat(50);
  const challenge = {
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  expect(await exchange(await codeFor('once', challenge))).toMatchObject(grantError);
  expect(await exchange(await codeFor('once', challenge), { code_verifier: `${verifier}x` })).toMatchObject(grantError);
  expect((await exchange(await codeFor('once', challenge), { code_verifier: verifier })).status).toBe(200);
});

test('a wrong secret, an unknown grant type and a missing parameter are told apart', async () => {
  expect(await exchange(await codeFor('a'), { client_secret: 'x' })).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
  expect(await exchange('c', { grant_type: 'password' })).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type' },
  });
  const form = { grant_type: 'authorization_code', redirect_uri, ...client };
  expect(await sandbox.mastodon('/oauth/token', { form })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  });
});

test('an application token is no user', async () => {
  const token = await sandbox.mastodon('/oauth/token', {
    form: { grant_type: 'client_credentials', scope: 'read', ...client },
  });
  const me = await sandbox.mastodon('/api/v1/accounts/verify_credentials', {
    token: Token.parse(token.body).access_token,
  });
  expect(me).toMatchObject({ status: 422, body: { error: 'This method requires an authenticated user' } });
});

test('a revoked token says so; only its own client may revoke it', async () => {
  const { access_token: token } = Token.parse((await exchange(await codeFor('leaving'))).body);
  const revoke = (form: Record<string, string>) => sandbox.mastodon('/oauth/revoke', { form: { token, ...form } });
  expect(await revoke(await register())).toMatchObject({ status: 403, body: { error: 'unauthorized_client' } });
  expect(await revoke(client)).toMatchObject({ status: 200, body: {} });
  const me = await sandbox.mastodon('/api/v1/accounts/verify_credentials', { token });
  expect(me).toMatchObject({ status: 401, body: { error: 'The access token was revoked' } });
});

test('the two instances know nothing of each other', async () => {
  const here = await sandbox.account('mastodon', 'same');
  const there = await sandbox.account('mastodon2', 'same');
  expect(here.account.id).not.toBe(there.account.id);
  const reply = await sandbox.mastodon('/api/v1/accounts/verify_credentials', { token: there.accessToken });
  expect(reply).toMatchObject({ status: 401, body: { error: 'The access token is invalid' } });
});

test('the instance tells its limits, and its OAuth routes', async () => {
  expect((await sandbox.mastodon('/api/v2/instance')).body).toMatchObject({
    domain: new URL(sandbox.running.hosts['mastodon'] ?? '').host,
    configuration: { statuses: { max_characters: 500, characters_reserved_per_url: 23, max_media_attachments: 4 } },
  });
  expect((await sandbox.mastodon('/.well-known/oauth-authorization-server')).body).toMatchObject({
    token_endpoint: `${sandbox.running.hosts['mastodon']}/oauth/token`,
  });
});
