import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const redirectUri = 'http://127.0.0.1:4711/callback';
const scope = 'atproto transition:generic';
const clientId = `http://localhost?${new URLSearchParams({ redirect_uri: 'http://127.0.0.1/callback', scope }).toString()}`;
const verifier = 'v'.repeat(43);
const issuer = () => sandbox.running.hosts['bluesky-auth'] ?? '';
const server = () => sandbox.running.hosts['bluesky'] ?? '';
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
type Key = ReturnType<typeof newKey>;

function signed(privateKey: KeyObject, header: object, claims: object): string {
  const text = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function proofOf(key: Key, method: string, url: string, claims: object = {}): string {
  const jwk = key.publicKey.export({ format: 'jwk' });
  const htu = url.split('?', 1)[0];
  const all = { htm: method, htu, jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...claims };
  return signed(key.privateKey, { typ: 'dpop+jwt', alg: 'ES256', jwk }, all);
}

async function send(url: string, form: Record<string, string> | null, headers: Record<string, string> = {}) {
  const body = form === null ? {} : { method: 'POST', body: new URLSearchParams(form) };
  const answer = await fetch(url, { ...body, headers, redirect: 'manual' });
  const json = (await answer.json().catch(() => ({}))) as Record<string, string>;
  return { status: answer.status, headers: answer.headers, json };
}

const nonceOf = async () => (await send(`${issuer()}/oauth/jwks`, null)).headers.get('dpop-nonce') ?? '';

async function post(path: string, form: Record<string, string>, key: Key, claims: object = {}) {
  const url = `${issuer()}${path}`;
  return send(url, form, { dpop: proofOf(key, 'POST', url, { nonce: await nonceOf(), ...claims }) });
}

const pushedForm = {
  client_id: clientId,
  response_type: 'code',
  redirect_uri: redirectUri,
  scope,
  state: 's',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

async function codeFor(key: Key, handle = `h${randomUUID().slice(0, 8)}`) {
  const { json } = await post('/oauth/par', pushedForm, key);
  const query = new URLSearchParams({ client_id: clientId, request_uri: json['request_uri'] ?? '' });
  const approved = await send(`${issuer()}/oauth/authorize?${query.toString()}&sandbox_approve=${handle}`, null);
  const back = new URL(approved.headers.get('location') ?? 'none:').searchParams;
  expect([back.get('state'), back.get('iss')]).toEqual(['s', issuer()]);
  const again = await send(`${issuer()}/oauth/authorize?${query.toString()}&sandbox_approve=${handle}`, null);
  expect(again.status).toBe(400);
  return {
    client_id: clientId,
    grant_type: 'authorization_code',
    code: back.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
}

async function session(key: Key) {
  const form = await codeFor(key);
  const { json } = await post('/oauth/token', form, key);
  return { form, access: json['access_token'] ?? '', refresh: json['refresh_token'] ?? '', sub: json['sub'] ?? '' };
}

async function profile(key: Key, token: string, claims: object = {}, scheme = 'DPoP') {
  const url = `${server()}/xrpc/com.atproto.server.getSession`;
  const ath = createHash('sha256').update(token).digest('base64url');
  const nonce = (await send(url, null, { authorization: 'DPoP x', dpop: 'x' })).headers.get('dpop-nonce');
  const dpop = proofOf(key, 'GET', url, { nonce, ath, ...claims });
  return send(url, null, { authorization: `${scheme} ${token}`, dpop });
}

test('the way from the server’s metadata to a session that its tokens open', async () => {
  const named = await fetch(`${server()}/.well-known/oauth-protected-resource`);
  expect(await named.json()).toMatchObject({ resource: server(), authorization_servers: [issuer()] });
  const told = await fetch(`${issuer()}/.well-known/oauth-authorization-server`);
  expect(await told.json()).toMatchObject({ issuer: issuer(), require_pushed_authorization_requests: true });
  const key = newKey();
  const { access, sub } = await session(key);
  expect((await profile(key, access)).json).toMatchObject({ did: sub, active: true });
  const document = await sandbox.send(`/bluesky/plc/${sub}`);
  expect(document.body).toMatchObject({ id: sub, service: [{ serviceEndpoint: server() }] });
});

test.each([
  ['without a proof', {}, null, 'invalid_dpop_proof'],
  ['without the nonce', {}, { nonce: undefined }, 'use_dpop_nonce'],
  ['for another request', {}, { htm: 'GET' }, 'invalid_dpop_proof'],
  ['without PKCE', { code_challenge: '' }, {}, 'invalid_request'],
  ['with a plain challenge', { code_challenge_method: 'plain' }, {}, 'invalid_request'],
  ['with another redirect address', { redirect_uri: 'http://127.0.0.1/elsewhere' }, {}, 'invalid_request'],
  ['with a scope that the client has not told', { scope: 'atproto transition:email' }, {}, 'invalid_scope'],
  ['by a client of another machine', { client_id: 'http://me.example' }, {}, 'invalid_client'],
])('a request that is pushed %s is refused', async (_how, form, claims, error) => {
  const url = `${issuer()}/oauth/par`;
  const all = { ...pushedForm, ...form };
  const answer = claims === null ? await send(url, all) : await post('/oauth/par', all, newKey(), claims);
  expect(answer).toMatchObject({ status: 400, json: { error } });
});

test('what was not pushed first gets no page', async () => {
  const query = new URLSearchParams(pushedForm).toString();
  expect((await send(`${issuer()}/oauth/authorize?${query}&sandbox_approve=ada`, null)).status).toBe(400);
});

test('a proof works once, a nonce for some minutes', async () => {
  const url = `${issuer()}/oauth/par`;
  const key = newKey();
  const nonce = await nonceOf();
  const dpop = proofOf(key, 'POST', url, { nonce });
  expect((await send(url, pushedForm, { dpop })).status).toBe(201);
  expect((await send(url, pushedForm, { dpop })).json).toMatchObject({ error: 'invalid_dpop_proof' });
  await sandbox.send('/_sandbox/clock', { method: 'POST', json: { advanceMs: 10 * 60_000 } });
  expect((await post('/oauth/par', pushedForm, key, { nonce })).json).toMatchObject({ error: 'use_dpop_nonce' });
});

test('a code works once, for its own key and verifier; coming twice it ends the session', async () => {
  const key = newKey();
  expect((await post('/oauth/token', await codeFor(key), newKey())).json).toMatchObject({ error: 'invalid_grant' });
  const wrong = { ...(await codeFor(key)), code_verifier: 'w'.repeat(43) };
  expect((await post('/oauth/token', wrong, key)).json).toMatchObject({ error: 'invalid_grant' });
  const { form, access } = await session(key);
  expect((await profile(key, access)).status).toBe(200);
  expect((await post('/oauth/token', form, key)).json).toMatchObject({ error: 'invalid_grant' });
  expect((await profile(key, access)).status).toBe(401);
});

test('a token opens nothing without a proof of its key that names it', async () => {
  const key = newKey();
  const { access } = await session(key);
  for (const [proving, claims, scheme] of [
    [newKey(), {}, 'DPoP'],
    [key, { ath: undefined }, 'DPoP'],
    [key, { nonce: 'old' }, 'DPoP'],
    [key, {}, 'Bearer'],
  ] as const)
    expect((await profile(proving, access, claims, scheme)).status).toBeGreaterThanOrEqual(400);
  const unproven = await profile(key, access, { nonce: 'old' });
  expect(unproven).toMatchObject({ status: 401, json: { error: 'use_dpop_nonce' } });
  expect(unproven.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"');
});

test('a refresh token works once; coming twice it ends the session', async () => {
  const key = newKey();
  const { access, refresh } = await session(key);
  const form = (token: string) => ({ client_id: clientId, grant_type: 'refresh_token', refresh_token: token });
  expect((await post('/oauth/token', form(refresh), newKey())).json).toMatchObject({ error: 'invalid_grant' });
  const { json } = await post('/oauth/token', form(refresh), key);
  expect((await profile(key, access)).status).toBe(401);
  expect((await profile(key, json['access_token'] ?? '')).status).toBe(200);
  expect((await post('/oauth/token', form(refresh), key)).json).toMatchObject({ error: 'invalid_grant' });
  expect((await post('/oauth/token', form(json['refresh_token'] ?? ''), key)).json).toMatchObject({
    error: 'invalid_grant',
  });
  expect((await profile(key, json['access_token'] ?? '')).status).toBe(401);
});
