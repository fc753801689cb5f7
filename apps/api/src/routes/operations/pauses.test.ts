import type { AuditEntry } from '@vibetribe/contracts/audit';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type CallOptions, startTestApi, type TestApi } from '../../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
});
afterAll(() => api[Symbol.asyncDispose]());

async function signUp() {
  const { accessToken, organization, user } = await api.register();
  const { accountId } = await addAccount(api.sql, { organizationId: organization.id });
  const call = (method: string, path: string, options: Omit<CallOptions, 'token'> = {}) =>
    api.call(method, `/api/v1${path}`, { ...options, token: accessToken });
  return { accountId, call, userId: user.id };
}

describe('an emergency stop', () => {
  test('is listed, previews what it holds back, and is gone once lifted', async () => {
    const { accountId, call } = await signUp();
    const stopped = await call('POST', '/pauses', {
      body: { scope: 'account', id: accountId, reason: 'Wrong campaign' },
    });
    expect([stopped.status, stopped.json]).toMatchObject([
      201,
      { scope: 'account', accountId, reason: 'Wrong campaign' },
    ]);
    const id = String(stopped.json['id']);
    expect((await call('GET', '/pauses')).json).toMatchObject({ items: [{ id }], nextCursor: null });

    await call('POST', '/posts', {
      body: { content: 'Held back', accountIds: [accountId], scheduledAt: new Date().toISOString() },
    });
    await call('POST', '/posts', {
      body: { content: 'Next year', accountIds: [accountId], scheduledAt: new Date(Date.now() + 3e10).toISOString() },
    });
    expect((await call('GET', `/pauses/${id}/preview`)).json).toMatchObject({
      items: [{ accountId, platform: 'x', text: 'Held back' }],
      nextCursor: null,
    });

    expect((await call('DELETE', `/pauses/${id}`)).status).toBe(204);
    expect((await call('GET', '/pauses')).json).toMatchObject({ items: [] });
    expect((await call('DELETE', `/pauses/${id}`)).status).toBe(404);
  });

  test('stands in the audit log with who made it and who lifted it', async () => {
    const { call, userId } = await signUp();
    const { json } = await call('POST', '/pauses', { body: { scope: 'organization', reason: 'Wrong campaign' } });
    await call('DELETE', `/pauses/${String(json['id'])}`);
    const of = { actor: `user:${userId}`, target: `pause:${String(json['id'])}` };
    const audit = await call('GET', '/audit');
    expect((audit.json['items'] as AuditEntry[]).filter(({ target }) => target === of.target)).toMatchObject([
      { ...of, action: 'pause.updated', before: { liftedAt: null } },
      { ...of, action: 'pause.created', after: { reason: 'Wrong campaign' } },
    ]);
  });

  test('of the whole service is for service admins, and of an account for its own organization', async () => {
    const { call, accountId } = await signUp();
    const stranger = await signUp();
    expect((await call('POST', '/pauses', { body: { scope: 'service', reason: 'No' } })).status).toBe(403);
    expect(
      (await stranger.call('POST', '/pauses', { body: { scope: 'account', id: accountId, reason: 'No' } })).json,
    ).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'id' }],
    });
    const { json } = await call('POST', '/pauses', { body: { scope: 'organization', reason: 'Ours' } });
    expect((await stranger.call('DELETE', `/pauses/${String(json['id'])}`)).status).toBe(404);
    expect((await stranger.call('GET', '/pauses')).json).toMatchObject({ items: [] });
  });

  test.each([
    [{ scope: 'account', reason: 'x' }, 'id'],
    [{ scope: 'planet', reason: 'x' }, 'scope'],
    [{ scope: 'organization', reason: ' ' }, 'reason'],
    [{ scope: 'organization', id: 'org_of_others', reason: 'x' }, 'id'],
    [{ scope: 'service', id: 'org_of_others', reason: 'x' }, 'id'],
  ])('is refused with the field named: %j', async (body, path) => {
    const { call } = await signUp();
    expect((await call('POST', '/pauses', { body })).json).toMatchObject({
      code: 'validation_failed',
      errors: [{ path }],
    });
  });

  test('is made once, however often its request is repeated with one key', async () => {
    const { accountId, call } = await signUp();
    const body = { scope: 'account', id: accountId, reason: 'Once' };
    const once = () => call('POST', '/pauses', { body, headers: { 'idempotency-key': 'pause-once' } });
    const [first, second] = [await once(), await once()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect((await call('GET', '/pauses')).json['items']).toHaveLength(1);
  });

  test('is refused where a thousand are in force: their list has no pages', async () => {
    const { call } = await signUp();
    const pause = () => call('POST', '/pauses', { body: { scope: 'organization', reason: 'Ours' } });
    const { json } = await pause();
    await api.sql(
      `insert into pauses (id, organization_id, reason, created_by) select p.id || n, p.organization_id, 'x', 'x' from pauses p, generate_series(1, 999) n where p.id = $1`,
      [json['id']],
    );
    expect((await pause()).json).toMatchObject({ code: 'quota_exceeded' });
    expect((await call('DELETE', `/pauses/${String(json['id'])}`)).status).toBe(204);
    expect((await pause()).status).toBe(201);
  });
});
