import { addMembership } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';

type Registered = Awaited<ReturnType<TestApi['register']>>;

let api: TestApi;
let user: Registered;
let own: string;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), {
    replicas: 2,
    env: { LOGIN_RATE_LIMIT: '50', REDIRECT_ORIGINS: 'https://app.example.org' },
  });
  own = api.replicas[0]?.url ?? '';
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  user = await api.register();
});

const signIn = (headers: Record<string, string> = {}, body: object = {}) =>
  api.call('POST', '/api/v1/auth/session', { headers, body: { email: user.email, password: testPassword, ...body } });

async function cookieOf(): Promise<string> {
  const { status, headers, text } = await signIn();
  expect({ status, text }).toEqual({ status: 204, text: '' });
  return headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

interface Sent {
  method?: string;
  path?: string;
  body?: object;
  replica?: number;
}
/** As a page of ours sends it; headers that are undefined are left out. */
function send(
  cookie: string,
  headers: Record<string, string | undefined> = {},
  { method = 'GET', path = '/auth/me', body, replica = 0 }: Sent = {},
) {
  const own1 = api.replicas[replica]?.url;
  const all = { cookie, 'x-requested-with': 'vibetribe', ...(method === 'GET' ? {} : { origin: own1 }), ...headers };
  const given = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return api.call(method, `/api/v1${path}`, { headers: given, replica, ...(body === undefined ? {} : { body }) });
}

test('the cookie is for this host alone, over HTTPS, and for no script; its secret is stored hashed', async () => {
  const { headers } = await signIn();
  const [line = '', device = '', ...others] = headers.getSetCookie();
  expect(others).toEqual([]);
  expect(device).toMatch(/^__Host-vibetribe-device=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  const [pair = '', ...attributes] = line.split('; ');
  expect(pair).toMatch(/^__Host-vibetribe=vtc_/);
  expect(attributes).toEqual(['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict', 'Max-Age=2592000']);
  const secret = pair.split('=')[1] ?? '';
  const stored = await api.sql<{ row: string }>('select s::text as row from sessions s');
  expect(stored.some(({ row }) => row.includes(secret))).toBe(false);
  expect(api.logged()).not.toContain(secret);
  expect((await send(pair)).json['user']).toEqual(user.user);
  const ticket = await send(pair, {}, { method: 'POST', path: '/auth/ws-ticket' });
  expect(ticket.status).toBe(200);
});

test('it ends with DELETE, with the session that it is listed as, and with a password reset of all, on every replica', async () => {
  const cookie = await cookieOf();
  expect((await send(cookie, {}, { replica: 1 })).status).toBe(200);
  const ended = await send(cookie, {}, { method: 'DELETE', path: '/auth/session' });
  expect(ended.status).toBe(204);
  expect(ended.headers.getSetCookie()[0]).toMatch(/^__Host-vibetribe=; .*Max-Age=0$/);
  for (const replica of [0, 1]) expect((await send(cookie, {}, { replica })).json['code']).toBe('session_revoked');
  const other = await cookieOf();
  const listed = await send(other, {}, { path: '/auth/sessions' });
  const current = (listed.json['items'] as { id: string; current: boolean }[]).find((one) => one.current);
  await api.call('DELETE', `/api/v1/auth/sessions/${current?.id}`, { token: user.accessToken });
  expect((await send(other, {}, { replica: 1 })).status).toBe(401);
});

test('wrong passwords and second factors are refused as at a login', async () => {
  expect((await signIn({}, { password: 'wrong' })).json['code']).toBe('invalid_credentials');
  expect((await signIn({}, { totp: 'short' })).status).toBe(422);
});

test('it moves to another organization of the user, and to no other', async () => {
  const cookie = await cookieOf();
  const other = await api.register();
  const move = () =>
    send(cookie, {}, { method: 'PUT', path: '/auth/session', body: { organizationId: other.organization.id } });
  expect((await move()).status).toBe(404);
  await addMembership(api.sql, { organizationId: other.organization.id, userId: user.user.id, role: 'viewer' });
  expect((await move()).status).toBe(204);
  expect((await send(cookie, {}, { replica: 1 })).json).toMatchObject({
    organization: other.organization,
    role: 'viewer',
  });
  // The one used last is where the next login goes.
  expect((await send(await cookieOf())).json['organization']).toEqual(other.organization);
});

describe('a page of somebody else', () => {
  const change = { method: 'POST', path: '/auth/switch' } as const;
  const attacks: [string, Record<string, string | undefined>, Sent?][] = [
    ['a form, which can set no header', { 'x-requested-with': undefined, origin: 'https://evil.example' }, change],
    ['a form of a page without an origin', { 'x-requested-with': undefined, origin: 'null' }, change],
    ['a script of another origin', { origin: 'https://evil.example' }, change],
    ['a script of a frontend that may use tokens', { origin: 'https://app.example.org' }, change],
    ['a sandboxed frame', { origin: 'null' }, change],
    ['an origin that begins like ours', { origin: 'http://127.0.0.1.evil.example' }, change],
    ['our host over another port', { origin: 'http://127.0.0.1:1' }, change],
    ['an old browser that tells no origin', { origin: undefined }, change],
    ['a DELETE without an origin', { origin: undefined }, { method: 'DELETE', path: '/auth/session' }],
    ['an image', { 'x-requested-with': undefined }],
    ['a script that reads', { origin: 'https://evil.example' }],
    ['a browser that says where it comes from', { 'sec-fetch-site': 'cross-site' }],
    ['a subdomain, for which cookies would count', { 'sec-fetch-site': 'same-site' }, { ...change }],
    ['another word in the header', { 'x-requested-with': 'XMLHttpRequest' }],
  ];

  test.each(attacks)('%s is refused', async (_name, headers, sent = {}) => {
    const cookie = await cookieOf();
    const body = sent.method === 'POST' ? { body: { organizationId: user.organization.id } } : {};
    const answer = await send(cookie, headers, { ...sent, ...body });
    expect({ status: answer.status, code: answer.json['code'] }).toEqual({ status: 403, code: 'foreign_page' });
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await send(cookie)).status).toBe(200);
  });

  test('signs nobody in', async () => {
    expect((await signIn({ origin: 'https://evil.example' })).json['code']).toBe('foreign_page');
    const form = await api.call('POST', '/api/v1/auth/session', {
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ email: user.email, password: testPassword }),
    });
    expect(form.status).toBe(415);
    expect((await signIn({ origin: own })).status).toBe(204);
  });
});

test('a cookie is no bearer and no refresh token, a refresh token no cookie, and a bearer beside it decides', async () => {
  const cookie = await cookieOf();
  const secret = cookie.split('=')[1] ?? '';
  expect((await api.call('GET', '/api/v1/auth/me', { token: secret })).status).toBe(401);
  expect((await api.call('POST', '/api/v1/auth/refresh', { body: { refreshToken: secret } })).status).toBe(401);
  expect((await send(`__Host-vibetribe=${user.refreshToken}`)).status).toBe(401);
  const traded = await send(
    cookie,
    {},
    { method: 'POST', path: '/auth/switch', body: { organizationId: user.organization.id } },
  );
  expect({ status: traded.status, code: traded.json['code'] }).toEqual({ status: 403, code: 'forbidden' });
  expect((await send(cookie)).status).toBe(200);
  const both = await api.call('GET', '/api/v1/auth/me', {
    token: 'wrong',
    headers: { cookie, 'x-requested-with': 'vibetribe' },
  });
  expect(both.status).toBe(401);
});
