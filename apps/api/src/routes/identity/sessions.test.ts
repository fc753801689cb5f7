import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2, env: { LOGIN_RATE_LIMIT: '5' } });
});
afterAll(() => api[Symbol.asyncDispose]());

const logIn = async (email: string, password = testPassword) =>
  api.call('POST', '/api/v1/auth/login', { body: { email, password } });
const tokenOf = async (email: string) => String((await logIn(email)).json['accessToken']);
const me = async (token: string, replica = 0) => (await api.call('GET', '/api/v1/auth/me', { token, replica })).status;

async function sessionsOf(token: string) {
  const { json, text } = await api.call('GET', '/api/v1/auth/sessions', { token });
  return { items: json['items'] as { id: string; current: boolean; createdAt: string }[], text };
}

test('sessions are listed with the one that asks, and ended one by one, on every replica', async () => {
  const { accessToken, refreshToken, email } = await api.register();
  const other = await tokenOf(email);
  const { items, text } = await sessionsOf(accessToken);
  expect(items.map(({ current }) => current)).toEqual([false, true]);
  expect(text).not.toContain(refreshToken);
  expect(await me(other, 1)).toBe(200);
  const stranger = await api.register();
  const end = (token: string, id = items[0]?.id ?? '') => api.call('DELETE', `/api/v1/auth/sessions/${id}`, { token });
  expect((await end(stranger.accessToken)).status).toBe(404);
  const made = await api.call('POST', '/api/v1/api-keys', {
    token: accessToken,
    body: { name: 'k', scopes: ['admin'] },
  });
  const key = String(made.json['key']);
  expect((await end(key)).status).toBe(403);
  expect((await api.call('GET', '/api/v1/auth/sessions', { token: key })).status).toBe(403);
  expect((await end(accessToken)).status).toBe(204);
  expect((await end(accessToken)).status).toBe(404);
  expect(await me(other)).toBe(401);
  await waitFor(async () => (await me(other, 1)) === 401, { describe: 'the other replica to hear of it' });
  expect((await sessionsOf(accessToken)).items.map(({ current }) => current)).toEqual([true]);
});

test('a password is changed by who knows it: every other session ends, and guessing is limited', async () => {
  const { accessToken, email } = await api.register();
  const other = await tokenOf(email);
  const change = (currentPassword: string, newPassword = 'another good password', token = accessToken) =>
    api.call('POST', '/api/v1/auth/password/change', { token, body: { currentPassword, newPassword } });
  expect((await change(testPassword, 'short')).json['errors']).toMatchObject([{ path: 'newPassword' }]);
  expect((await change('not the password')).json['code']).toBe('invalid_credentials');
  expect((await change(testPassword)).status).toBe(204);
  expect([await me(accessToken), await me(other)]).toEqual([200, 401]);
  expect((await logIn(email)).status).toBe(401);
  expect((await logIn(email, 'another good password')).status).toBe(200);
  const guesses = [];
  for (let guess = 0; guess < 6; guess += 1) guesses.push((await change('not the password')).status);
  expect(guesses).toContain(429);
  const made = await api.call('POST', '/api/v1/api-keys', {
    token: accessToken,
    body: { name: 'k', scopes: ['admin'] },
  });
  expect((await change('another good password', 'x'.repeat(20), String(made.json['key']))).status).toBe(403);
});
