import type { AuditEntry } from '@vibetribe/contracts/audit';
import type { TotpEnrolment, TotpRecovery } from '@vibetribe/contracts/auth';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';

type Registered = Awaited<ReturnType<TestApi['register']>>;

let api: TestApi;
let user: Registered;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2, env: { LOGIN_RATE_LIMIT: '12' } });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  user = await api.register();
});

const call = (method: string, path: string, body?: object, token = user.accessToken, replica = 0) =>
  api.call(method, `/api/v1${path}`, { token, replica, ...(body === undefined ? {} : { body }) });
const logIn = (totp?: string, replica = 0) =>
  api.call('POST', '/api/v1/auth/login', {
    replica,
    body: { email: user.email, password: testPassword, ...(totp === undefined ? {} : { totp }) },
  });

/** Codes as an authenticator app shows them; each call is a step later, within what the server takes. */
function appFor({ secret }: TotpEnrolment) {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return (steps = 0) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
}

async function enrol() {
  const { json, status, text } = await call('POST', '/auth/totp');
  expect(status, text).toBe(200);
  const enrolment = json as unknown as TotpEnrolment;
  const code = appFor(enrolment);
  const confirmed = await call('POST', '/auth/totp/confirm', { code: code(-1) });
  expect(confirmed.status, confirmed.text).toBe(200);
  return { ...enrolment, code, recoveryCodes: (confirmed.json as unknown as TotpRecovery).recoveryCodes };
}

test('the codes are those of RFC 6238, and asked for once one has confirmed the secret', async () => {
  const rfc = new TOTP({ secret: Secret.fromUTF8('12345678901234567890'), digits: 8 });
  expect(rfc.generate({ timestamp: 1_111_111_109_000 })).toBe('07081804');
  const { json } = await call('POST', '/auth/totp');
  const enrolment = json as unknown as TotpEnrolment;
  expect(enrolment.otpauthUrl).toMatch(/^otpauth:\/\/totp\/VibeTribe:.*secret=[A-Z2-7]{32}/);
  expect((await logIn()).status).toBe(200);
  expect((await call('POST', '/auth/totp/confirm', { code: '000000' })).json['code']).toBe('totp_invalid');
  const code = appFor(enrolment);
  expect((await call('POST', '/auth/totp/confirm', { code: code() })).status).toBe(200);
  expect((await call('POST', '/auth/totp')).status).toBe(409);
  expect((await call('POST', '/auth/totp/confirm', { code: code(1) })).status).toBe(409);
  const asked = await logIn();
  expect({ status: asked.status, code: asked.json['code'] }).toEqual({ status: 401, code: 'totp_required' });
  expect((await logIn(code(1))).status).toBe(200);
  const [stored] = await api.sql<{ row: string }>('select f::text as row from totp_factors f where user_id = $1', [
    user.user.id,
  ]);
  expect(stored?.row).toContain('enc:v1:');
  expect(stored?.row).not.toContain(enrolment.secret);
  expect(api.logged()).not.toContain(enrolment.secret);
  const { json: audit } = await call('GET', '/audit');
  expect((audit['items'] as AuditEntry[]).map(({ action }) => action)).toContain('user.totp_enabled');
});

test('a code is taken once, on whichever replica, and none of a step before it', async () => {
  const { code } = await enrol();
  const tries = await Promise.all([0, 1, 0, 1].map((replica) => logIn(code(1), replica)));
  expect(tries.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
  expect((await logIn(code(0))).json['code']).toBe('totp_invalid');
});

test('a recovery code works once, is stored hashed, and will remove the factor', async () => {
  const { recoveryCodes } = await enrol();
  expect(new Set(recoveryCodes).size).toBe(10);
  const [first = '', second = ''] = recoveryCodes;
  const stored = await api.sql<{ row: string }>('select r::text as row from recovery_codes r');
  expect(stored.some(({ row }) => row.includes(first) || row.includes(first.replaceAll('-', '')))).toBe(false);
  expect((await logIn(first.toUpperCase())).status).toBe(200);
  expect((await logIn(first)).json['code']).toBe('totp_invalid');
  expect((await call('DELETE', '/auth/totp', { code: first })).status).toBe(401);
  expect((await call('DELETE', '/auth/totp', { code: second })).status).toBe(204);
  expect((await call('DELETE', '/auth/totp', { code: second })).status).toBe(404);
  expect((await logIn()).status).toBe(200);
  expect((await call('GET', '/audit')).text).toContain('user.totp_disabled');
});

test('guesses are few, however many addresses they come from; being asked for a code is no failure', async () => {
  const { code, recoveryCodes } = await enrol();
  for (let asked = 0; asked < 13; asked += 1) expect((await logIn()).json['code']).toBe('totp_required');
  const guesses = [];
  for (let guess = 0; guess < 8; guess += 1) guesses.push((await logIn(`${100_000 + guess}`, guess % 2)).json['code']);
  expect(guesses.filter((told) => told === 'totp_invalid').length).toBeLessThanOrEqual(5);
  const held = await logIn(code(1));
  expect(held.json['code']).toBe('rate_limited');
  expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await logIn(recoveryCodes[0])).status).toBe(429);
  await api.sql('update totp_factors set next_try_at = now() where user_id = $1', [user.user.id]);
  expect((await logIn(code(1))).status).toBe(200);
});

test('an invitation is no way round it, and a key manages none', async () => {
  const { code } = await enrol();
  const other = await api.register();
  const invited = await call('POST', '/invitations', { email: user.email, role: 'viewer' }, other.accessToken);
  const { token } = invited.json as { token: string };
  const accept = (body: object) =>
    api.call('POST', '/api/v1/invitations/accept', { body: { token, password: testPassword, ...body } });
  expect((await accept({})).json['code']).toBe('totp_required');
  expect((await accept({ totp: '123456' })).json['code']).toBe('totp_invalid');
  expect((await accept({ totp: code(1) })).status).toBe(200);
  const key = String((await call('POST', '/api-keys', { name: 'k', scopes: ['admin'] })).json['key']);
  expect((await call('POST', '/auth/totp', undefined, key)).status).toBe(403);
  expect((await call('DELETE', '/auth/totp', { code: code(1) }, key)).status).toBe(403);
});
