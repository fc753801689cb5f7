import { addAccount, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
});
afterAll(() => api[Symbol.asyncDispose]());

async function signUp() {
  const { accessToken, organization } = await api.register();
  const organizationId = organization.id;
  const { accountId } = await addAccount(api.sql, { organizationId, platform: 'mastodon' });
  const postId = await addPost(api.sql, { organizationId });
  const publicationId = await addPublication(api.sql, {
    organizationId,
    postId,
    accountId,
    platform: 'mastodon',
    status: 'published',
  });
  await api.sql(
    `insert into metric_definitions (platform, metric, source, version)
     values ('mastodon', 'reactions', 'favourites_count', '1'), ('mastodon', 'followers', 'followers_count', '1') on conflict do nothing`,
  );
  await api.sql(
    `insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state, read_at, due_at, reactions)
     values ($1, $2, $3, 'mastodon', now() - interval '2 days', 'read', now(), now(), 3), ($1, $2, null, 'mastodon', now(), 'read', now(), now(), null)`,
    [organizationId, accountId, publicationId],
  );
  const rows = `select $1, s.id, d.id, now() - interval '1 minute', case d.metric when 'reactions' then 3 else 12 end`;
  const of = `from metric_subjects s join metric_definitions d on d.platform = 'mastodon' and (d.metric = 'followers') = (s.publication_id is null) where s.organization_id = $1`;
  await api.sql(
    `insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value) ${rows} ${of}`,
    [organizationId],
  );
  await api.sql(
    `insert into metric_latest (organization_id, subject_id, definition_id, captured_at, value, metric) ${rows}, d.metric ${of}`,
    [organizationId],
  );
  const get = (path: string, token = accessToken) => api.call('GET', `/api/v1${path}`, { token });
  return { organizationId, accessToken, accountId, postId, publicationId, get };
}

describe('numbers', () => {
  test('of a post, an account and a period are there for a viewer, with where they come from', async () => {
    const { accessToken, accountId, postId, publicationId, get } = await signUp();
    const made = await api.call('POST', '/api/v1/api-keys', {
      token: accessToken,
      body: { name: 'Reads', scopes: ['read'], accountIds: [accountId] },
    });
    const key = String(made.json['key']);
    expect((await get(`/posts/${postId}/metrics`, key)).json).toMatchObject({
      postId,
      items: [
        {
          publicationId,
          accountId,
          platform: 'mastodon',
          metric: 'reactions',
          value: 3,
          source: 'favourites_count',
          definitionVersion: '1',
        },
      ],
    });
    expect((await get(`/accounts/${accountId}/metrics`, key)).json).toMatchObject({
      accountId,
      items: [{ metric: 'followers', value: 12, source: 'followers_count' }],
      nextCursor: null,
    });
    expect((await get('/analytics/summary?groupBy=platform', key)).json).toMatchObject({
      posts: 1,
      metrics: [{ metric: 'reactions', value: 3, posts: 1, previous: null }],
      followers: [{ accountId, value: 12 }],
      groups: [{ key: 'mastodon', posts: 1 }],
    });
    expect((await get(`/analytics/best-times?accountId=${accountId}`, key)).json).toMatchObject({
      posts: 0,
      isEnough: false,
    });
  });

  test('are not there for others, nor for a key that is limited to other accounts', async () => {
    const { organizationId, accessToken, accountId, postId } = await signUp();
    const other = await addAccount(api.sql, { organizationId });
    const stranger = await signUp();
    const made = await api.call('POST', '/api/v1/api-keys', {
      token: accessToken,
      body: { name: 'Other', scopes: ['read'], accountIds: [other.accountId] },
    });
    for (const token of [stranger.accessToken, String(made.json['key'])]) {
      for (const path of [
        `/posts/${postId}/metrics`,
        `/accounts/${accountId}/metrics`,
        `/analytics/summary?accountId=${accountId}`,
        `/analytics/best-times?accountId=${accountId}`,
      ])
        expect([path, (await stranger.get(path, token)).status]).toEqual([path, 404]);
      expect((await stranger.get('/analytics/summary', token)).text).not.toContain(accountId);
    }
  });

  test.each([
    ['from=yesterday', 'from'],
    ['from=2026-03-01T00:00:00Z&to=2026-02-01T00:00:00Z', 'to'],
    ['groupBy=weather', 'groupBy'],
    ['timezone=%2B05:30', 'timezone'],
    ['timezone=No/Where', 'timezone'],
  ])('asked for with %s are refused by name', async (query, path) => {
    const { get } = await signUp();
    const { status, json } = await get(`/analytics/summary?${query}`);
    expect([status, json]).toMatchObject([422, { code: 'validation_failed', errors: [{ path }] }]);
  });

  test('of an account with a forged cursor are refused by name', async () => {
    const { accountId, get } = await signUp();
    expect((await get(`/accounts/${accountId}/metrics?cursor=e30`)).json).toMatchObject({
      errors: [{ path: 'cursor' }],
    });
  });
});
