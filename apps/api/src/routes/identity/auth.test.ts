import { addMembership } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2, env: { LOGIN_RATE_LIMIT: '5' } });
});
afterAll(() => api[Symbol.asyncDispose]());

const me = (token: string, replica = 0) => api.call('GET', '/api/v1/auth/me', { token, replica });
const logIn = (body: Record<string, unknown>) => api.call('POST', '/api/v1/auth/login', { body });
const refresh = (refreshToken: unknown, replica = 0) =>
  api.call('POST', '/api/v1/auth/refresh', { body: { refreshToken }, replica });

describe('signing in', () => {
  test('registering gives tokens that work at once, on every replica', async () => {
    const user = await api.register();
    for (const replica of [0, 1]) {
      const { status, json } = await me(user.accessToken, replica);
      expect(status).toBe(200);
      expect(json).toMatchObject({
        user: { email: user.email },
        organization: user.organization,
        role: 'owner',
        serviceAdmin: false,
      });
    }
  });

  test('an email address has one account, whatever its case', async () => {
    const { email } = await api.register();
    const body = { email: email.toUpperCase(), password: testPassword, name: 'Eve', organizationName: 'Other' };
    const { status, json } = await api.call('POST', '/api/v1/auth/register', { body });
    expect([status, json['code']]).toEqual([409, 'email_taken']);
    expect(await api.sql(`select 1 from organizations where name = 'Other'`)).toEqual([]);
  });

  test('the email may be written in any case', async () => {
    const { email, user } = await api.register();
    expect((await logIn({ email: email.toUpperCase(), password: testPassword })).json).toMatchObject({ user });
  });

  test('an unknown address and a wrong password are told apart by nothing in the answer', async () => {
    const { email } = await api.register();
    const wrong = await logIn({ email, password: 'not the password' });
    const unknown = await logIn({ email: `nobody-${email}`, password: 'not the password' });
    expect(wrong.status).toBe(401);
    expect({ ...unknown.json, requestId: '' }).toEqual({ ...wrong.json, requestId: '' });
  });

  test('closed registration refuses newcomers', async () => {
    await using closed = await startTestApi(inject('postgresUrl'), { env: { REGISTRATION: 'closed' } });
    const body = { email: 'a@example.com', password: testPassword, name: 'A', organizationName: 'B' };
    const { status, json } = await closed.call('POST', '/api/v1/auth/register', { body });
    expect([status, json['code']]).toEqual([403, 'registration_closed']);
  });

  test('login goes to the last used organization, or to the one asked for, and never to a foreign one', async () => {
    const user = await api.register();
    const other = await api.register();
    await addMembership(api.sql, { organizationId: other.organization.id, userId: user.user.id, role: 'viewer' });
    const credentials = { email: user.email, password: testPassword };
    expect((await logIn(credentials)).json).toMatchObject({ organization: user.organization });
    expect((await logIn({ ...credentials, organizationId: other.organization.id })).json).toMatchObject({
      organization: other.organization,
    });
    expect((await logIn(credentials)).json).toMatchObject({ organization: other.organization });
    const stranger = await api.register();
    expect((await logIn({ ...credentials, organizationId: stranger.organization.id })).status).toBe(404);
  });

  test('guessing is stopped, with Retry-After, and the right password does not count as a guess', async () => {
    const { email } = await api.register();
    for (let turn = 0; turn < 8; turn += 1) expect((await logIn({ email, password: testPassword })).status).toBe(200);
    const guesses = await Promise.all(Array.from({ length: 12 }, () => logIn({ email, password: 'not the password' })));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5);
    const stopped = guesses.find(({ status }) => status === 429);
    expect(stopped?.json['code']).toBe('rate_limited');
    expect(Number(stopped?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await logIn({ email, password: testPassword })).status).toBe(429);
  });
});

describe('refreshing', () => {
  test('a refresh token gives a new pair, once', async () => {
    const user = await api.register();
    const first = await refresh(user.refreshToken);
    expect(first.status).toBe(200);
    expect(first.json['refreshToken']).not.toBe(user.refreshToken);
    expect((await me(String(first.json['accessToken']))).status).toBe(200);
  });

  test('using one twice ends its whole family at once, on every replica', async () => {
    const user = await api.register();
    const { json } = await refresh(user.refreshToken);
    expect((await me(String(json['accessToken']), 1)).status).toBe(200);
    const passed = `created_at = created_at - interval '11 s', used_at = used_at - interval '11 s'`;
    await api.sql(`update sessions set ${passed} where user_id = $1`, [user.user.id]);
    expect((await refresh(user.refreshToken)).json['code']).toBe('session_revoked');
    expect((await refresh(json['refreshToken'])).json['code']).toBe('session_revoked');
    await waitFor(async () => (await me(String(json['accessToken']), 1)).status === 401, {
      timeoutMs: 2_000,
      describe: 'the session to end',
    });
    expect((await me(user.accessToken)).json['code']).toBe('session_revoked');
  });

  test('of two refreshes at the same moment one wins, the other is told so, and the session goes on', async () => {
    const user = await api.register();
    const both = await Promise.all([refresh(user.refreshToken, 0), refresh(user.refreshToken, 1)]);
    const [winner, loser] = both.toSorted((one, other) => one.status - other.status);
    expect([winner?.status, loser?.status]).toEqual([200, 401]);
    expect(loser?.json['code']).toBe('refresh_token_used');
    expect((await me(String(winner?.json['accessToken']), 1)).status).toBe(200);
    expect((await refresh(winner?.json['refreshToken'])).status).toBe(200);
  });

  test('an expired or unknown one is refused and ends nothing', async () => {
    const user = await api.register();
    expect((await refresh('vtr_unknown')).json['code']).toBe('unauthenticated');
    await api.sql(`update sessions set expires_at = now() - interval '1 second' where user_id = $1`, [user.user.id]);
    expect((await refresh(user.refreshToken)).json['code']).toBe('unauthenticated');
  });

  test('however often it is refreshed, a session ends 90 days after its login', async () => {
    const user = await api.register();
    await api.sql(`update sessions set created_at = now() - interval '80 days' where user_id = $1`, [user.user.id]);
    await refresh(user.refreshToken);
    const rows = await api.sql<{ days: number }>(
      `select extract(epoch from expires_at - now())::float8 / 86400 as days from sessions where user_id = $1 order by id desc limit 1`,
      [user.user.id],
    );
    expect(rows[0]?.days).toBeLessThan(10.1);
  });
});

describe('signing out', () => {
  test('ends access and refresh tokens at once, on every replica', async () => {
    const user = await api.register();
    expect((await me(user.accessToken, 1)).status).toBe(200);
    expect((await api.call('POST', '/api/v1/auth/logout', { token: user.accessToken })).status).toBe(204);
    expect((await me(user.accessToken)).json['code']).toBe('session_revoked');
    await waitFor(async () => (await me(user.accessToken, 1)).status === 401, {
      timeoutMs: 2_000,
      describe: 'the other replica to hear of it',
    });
    expect((await refresh(user.refreshToken)).status).toBe(401);
  });

  test('is heard on every replica over Redis too', async () => {
    await using onRedis = await startTestApi(inject('postgresUrl'), {
      replicas: 2,
      env: { REDIS_URL: inject('redisUrl') },
    });
    const { accessToken } = await onRedis.register();
    const ask = () => onRedis.call('GET', '/api/v1/auth/me', { token: accessToken, replica: 1 });
    expect((await ask()).status).toBe(200);
    await onRedis.call('POST', '/api/v1/auth/logout', { token: accessToken });
    await waitFor(async () => (await ask()).status === 401, {
      timeoutMs: 2_000,
      describe: 'the other replica to hear',
    });
    expect((await onRedis.call('GET', '/api/v1/health/detailed')).json).toMatchObject({
      dependencies: { queue: { kind: 'redis', ok: true } },
    });
  });

  test('leaves other sessions of the same user alone', async () => {
    const user = await api.register();
    const second = await logIn({ email: user.email, password: testPassword });
    await api.call('POST', '/api/v1/auth/logout', { token: user.accessToken });
    expect((await me(String(second.json['accessToken']))).status).toBe(200);
  });

  test('also catches a refresh that is under way', async () => {
    const user = await api.register();
    const [refreshed] = await Promise.all([
      refresh(user.refreshToken, 1),
      api.call('POST', '/api/v1/auth/logout', { token: user.accessToken }),
    ]);
    expect((await refresh(refreshed.json['refreshToken'] ?? 'x')).status).toBe(401);
  });
});

describe('organizations', () => {
  test('switching gives tokens for the other one, in the same session', async () => {
    const user = await api.register();
    const other = await api.register();
    await addMembership(api.sql, { organizationId: other.organization.id, userId: user.user.id, role: 'viewer' });
    const organizationId = other.organization.id;
    const fresh = await logIn({ email: user.email, password: testPassword });
    const switched = await api.call('POST', '/api/v1/auth/switch', {
      token: String(fresh.json['accessToken']),
      body: { organizationId },
    });
    expect(switched.json).toMatchObject({ organization: other.organization });
    expect((await me(String(switched.json['accessToken']))).json).toMatchObject({ role: 'viewer' });
    const list = await api.call('GET', '/api/v1/organizations', { token: String(switched.json['accessToken']) });
    expect(list.json['items']).toHaveLength(2);
    await api.call('POST', '/api/v1/auth/logout', { token: String(switched.json['accessToken']) });
    expect((await me(String(fresh.json['accessToken']))).status).toBe(401);
  });

  test('a foreign organization is as unknown as one that does not exist', async () => {
    const user = await api.register();
    const other = await api.register();
    const answers = await Promise.all(
      [other.organization.id, 'org_none'].map((organizationId) =>
        api.call('POST', '/api/v1/auth/switch', { token: user.accessToken, body: { organizationId } }),
      ),
    );
    expect(answers.map(({ status, json }) => [status, json['detail']])).toEqual([
      [404, 'There is no such organization.'],
      [404, 'There is no such organization.'],
    ]);
  });

  test('a member who was removed has no access, although the token is still valid', async () => {
    const user = await api.register();
    await api.sql('delete from memberships where user_id = $1', [user.user.id]);
    expect((await me(user.accessToken)).status).toBe(401);
  });

  test('a changed role counts within seconds, whatever the token says', async () => {
    const user = await api.register();
    await api.sql(`update memberships set role = 'viewer' where user_id = $1`, [user.user.id]);
    const { status } = await api.call('GET', '/api/v1/api-keys', { token: user.accessToken });
    expect(status).toBe(403);
  });
});
