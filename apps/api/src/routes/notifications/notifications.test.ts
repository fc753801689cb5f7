import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'));
});
afterAll(() => api[Symbol.asyncDispose]());

/** Several at the very same microsecond, as one transaction writes them. */
async function notify(organizationId: string, count: number, data: object = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `ntf_${organizationId}_${index}_${crypto.randomUUID()}`);
  await api.sql(
    `insert into notifications (id, organization_id, kind, title, body, data)
     select id, $2, 'post_failed', 'Failed', 'Why', $3::jsonb from unnest($1::text[]) as id`,
    [ids, organizationId, JSON.stringify(data)],
  );
  return ids;
}

const list = async (token: string, query = '') => {
  const { json } = await api.call('GET', `/api/v1/notifications${query}`, { token });
  return {
    items: json['items'] as { id: string; readAt: string | null }[],
    nextCursor: json['nextCursor'] as string | null,
  };
};

describe('notifications', () => {
  test('are paged newest first, without loss or repetition, even where many share a moment', async () => {
    const { accessToken, organization } = await api.register();
    const made = [...(await notify(organization.id, 5)), ...(await notify(organization.id, 5))];
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list(accessToken, cursor === null ? '?limit=3' : `?limit=3&cursor=${cursor}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(10);
    expect(new Set(seen)).toEqual(new Set(made));
    expect(new Set(seen.slice(0, 5))).toEqual(new Set(made.slice(5)));
  });

  test('are marked as read once; the first time stays', async () => {
    const { accessToken, organization } = await api.register();
    const [id] = await notify(organization.id, 2);
    const read = () => api.call('POST', `/api/v1/notifications/${id}/read`, { token: accessToken });
    const first = await read();
    expect(first.json['readAt']).not.toBeNull();
    expect((await read()).json['readAt']).toBe(first.json['readAt']);
    expect((await list(accessToken, '?unread=true')).items).toHaveLength(1);
  });

  test('of another organization are seen and read by nobody else', async () => {
    const one = await api.register();
    const other = await api.register();
    const [id] = await notify(one.organization.id, 1);
    expect((await list(other.accessToken)).items).toEqual([]);
    expect((await api.call('POST', `/api/v1/notifications/${id}/read`, { token: other.accessToken })).status).toBe(404);
    expect((await list(one.accessToken)).items[0]?.readAt).toBeNull();
  });

  test('are told to a key limited to some accounts only where they are about those', async () => {
    const { accessToken, organization, user } = await api.register();
    const [own] = await notify(organization.id, 1, { accountId: 'acc_1' });
    const [hidden] = await notify(organization.id, 1, { accountId: 'acc_2' });
    await notify(organization.id, 1);
    const body = { name: 'Bot', scopes: ['write'] };
    const { json } = await api.call('POST', '/api/v1/api-keys', { token: accessToken, body });
    await api.sql(`update api_keys set account_ids = '{acc_1}' where user_id = $1`, [user.id]);
    const token = String(json['key']);
    expect((await list(token)).items.map(({ id }) => id)).toEqual([own]);
    expect((await api.call('POST', `/api/v1/notifications/${hidden}/read`, { token })).status).toBe(404);
  });
});
