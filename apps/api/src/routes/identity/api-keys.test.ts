import { addAccount } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type CallOptions, type TestApi } from '../../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

const create = (token: string, body: Record<string, unknown>, options: CallOptions = {}) =>
  api.call('POST', '/api/v1/api-keys', { token, body: { name: 'CI', scopes: ['read'], ...body }, ...options });
const keyOf = async (token: string, body: Record<string, unknown> = {}) => {
  const { json } = await create(token, body);
  return { id: String(json['id']), key: String(json['key']) };
};
const me = (token: string, replica = 0) => api.call('GET', '/api/v1/auth/me', { token, replica });

describe('an API key', () => {
  test('is shown once, and only its hash is stored', async () => {
    const { accessToken } = await api.register();
    const { status, json } = await create(accessToken, {});
    expect(status).toBe(201);
    const key = String(json['key']);
    expect(key.endsWith(String(json['last4']))).toBe(true);
    const list = await api.call('GET', '/api/v1/api-keys', { token: accessToken });
    expect(list.json['items']).toMatchObject([{ id: json['id'], name: 'CI', scopes: ['read'], accountIds: null }]);
    expect(list.text).not.toContain(key);
    expect(JSON.stringify(await api.sql('select * from api_keys'))).not.toContain(key);
    expect(api.logged()).not.toContain(key);
  });

  test('does what its scopes say and no more', async () => {
    const { accessToken } = await api.register();
    const { key } = await keyOf(accessToken);
    expect((await api.call('GET', '/api/v1/notifications', { token: key })).status).toBe(200);
    expect((await create(key, {})).status).toBe(403);
  });

  test('ends everywhere once it is revoked', async () => {
    const { accessToken } = await api.register();
    const { id, key } = await keyOf(accessToken);
    expect((await me(key, 1)).status).toBe(200);
    expect((await api.call('DELETE', `/api/v1/api-keys/${id}`, { token: accessToken })).status).toBe(204);
    expect((await me(key)).status).toBe(401);
    await waitFor(async () => (await me(key, 1)).status === 401, {
      timeoutMs: 2_000,
      describe: 'the other replica to hear of it',
    });
    expect((await api.call('DELETE', `/api/v1/api-keys/${id}`, { token: accessToken })).status).toBe(404);
  });

  test('ends with its time, and cannot be made for a time that has passed', async () => {
    const { accessToken } = await api.register();
    const { id, key } = await keyOf(accessToken, { expiresAt: '2999-01-01T00:00:00Z' });
    await api.sql(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [id]);
    expect((await me(key)).status).toBe(401);
    const past = await create(accessToken, { expiresAt: '2020-01-01T00:00:00Z' });
    expect([past.status, past.json['errors']]).toEqual([
      422,
      [{ path: 'expiresAt', message: 'must lie in the future' }],
    ]);
  });

  test('outlives no key that made it', async () => {
    const { accessToken } = await api.register();
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    const { key: maker } = await keyOf(accessToken, { scopes: ['admin'], expiresAt: endsAt });
    expect((await create(maker, {})).json['expiresAt']).toBe(endsAt);
    const sooner = new Date(Date.now() + 60_000).toISOString();
    expect((await create(maker, { expiresAt: sooner })).json['expiresAt']).toBe(sooner);
    const later = await create(maker, { expiresAt: '2999-01-01T00:00:00Z' });
    expect([later.status, later.json['errors']]).toMatchObject([422, [{ path: 'expiresAt' }]]);
  });

  test("never has more than its maker: scopes, accounts and today's role", async () => {
    const { accessToken, user } = await api.register();
    const { key: admin } = await keyOf(accessToken, { scopes: ['admin'] });
    expect((await create(admin, { scopes: ['write'] })).status).toBe(201);
    expect((await create(admin, { scopes: ['ops'] })).status).toBe(403);
    await api.sql(`update memberships set role = 'editor' where user_id = $1`, [user.id]);
    await waitFor(async () => (await create(admin, {})).status === 403, {
      timeoutMs: 6_000,
      describe: 'the lower role to count',
    });
  });

  test('cannot be limited to accounts that are not there or not ours, told in the same words', async () => {
    const { accessToken } = await api.register();
    const other = await api.register();
    await addAccount(api.sql, { id: 'acc_o', organizationId: other.organization.id });
    const answers = await Promise.all(['acc_o', 'acc_none'].map((id) => create(accessToken, { accountIds: [id] })));
    for (const { status, json } of answers) {
      expect([status, json['errors']]).toEqual([422, [{ path: 'accountIds.0', message: 'There is no such account.' }]]);
    }
    expect((await create(other.accessToken, { accountIds: ['acc_o'] })).status).toBe(201);
  });

  test('of another organization is as unknown as one that does not exist', async () => {
    const one = await api.register();
    const other = await api.register();
    const { id } = await keyOf(one.accessToken);
    const foreign = await api.call('DELETE', `/api/v1/api-keys/${id}`, { token: other.accessToken });
    const unknown = await api.call('DELETE', '/api/v1/api-keys/key_none', { token: other.accessToken });
    expect({ ...foreign.json, requestId: '' }).toEqual({ ...unknown.json, requestId: '' });
    expect(foreign.status).toBe(404);
  });

  test('has no session to end or to switch', async () => {
    const { accessToken, organization } = await api.register();
    const { key } = await keyOf(accessToken);
    expect((await api.call('POST', '/api/v1/auth/logout', { token: key })).status).toBe(403);
    const switched = await api.call('POST', '/api/v1/auth/switch', {
      token: key,
      body: { organizationId: organization.id },
    });
    expect(switched.status).toBe(403);
  });

  test('is paged through without loss or repetition', async () => {
    const { accessToken } = await api.register();
    const made = new Set<string>();
    for (let turn = 0; turn < 5; turn += 1) made.add((await keyOf(accessToken)).id);
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { json } = await api.call('GET', `/api/v1/api-keys?limit=2${query}`, { token: accessToken });
      const page = json as { items: { id: string }[]; nextCursor: string | null };
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(made);
  });

  test('is one of a thousand at most; those that are revoked or over do not count', async () => {
    const { accessToken } = await api.register();
    const { id } = await keyOf(accessToken);
    const more = (count: number, of: string) =>
      api.sql(
        `insert into api_keys (id, organization_id, name, key_hash, last4, role, scopes, revoked_at, expires_at)
         select k.id || $3 || n, k.organization_id, k.name, k.id || $3 || n, k.last4, k.role, k.scopes,
           case when $3 = 'revoked' then now() end, case when $3 = 'over' then now() end
         from api_keys k, generate_series(1, $2::int) n where k.id = $1`,
        [id, count, of],
      );
    await more(5, 'revoked');
    await more(5, 'over');
    await more(998, 'open');
    const ask = () =>
      api.call('POST', '/api/v1/api-keys', { token: accessToken, body: { name: 'k', scopes: ['read'] } });
    expect((await ask()).status).toBe(201);
    expect((await ask()).json).toMatchObject({ code: 'quota_exceeded' });
  });
});
