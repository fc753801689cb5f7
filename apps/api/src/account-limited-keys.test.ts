import { newId } from '@vibetribe/db/new-id';
import {
  addAccount,
  addApiKey,
  addNotification,
  addPause,
  addPost,
  addPublication,
} from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from './test-api.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
}

/** What must stay untouched and unseen: everything of one account, its ids and the words in it; and who else is told of it. */
interface Hidden {
  readonly ids: Readonly<
    Record<
      'account' | 'post' | 'publication' | 'out' | 'pause' | 'apiKey' | 'notification' | 'webhook' | 'invitation',
      string
    >
  >;
  readonly words: readonly string[];
}

let api: TestApi;
let operations: Operation[];
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
  const { json } = await api.call('GET', '/openapi.json');
  operations = Object.entries(json['paths'] as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
});
afterAll(() => api[Symbol.asyncDispose]());

async function hide(organizationId: string): Promise<Hidden> {
  const word = (of: string) => `hidden-${of}-${newId('post')}`;
  const words = [word('handle'), word('text'), word('reason'), word('key'), word('notice'), word('out'), word('hook')];
  const [handle = '', content = '', reason = '', keyName = '', title = '', platformPostId = '', hook = ''] = words;
  const { accountId } = await addAccount(api.sql, { organizationId, handle });
  const postId = await addPost(api.sql, { organizationId, content });
  const publicationId = await addPublication(api.sql, {
    organizationId,
    postId,
    accountId,
    scheduledAt: new Date(Date.now() + 3e9),
    dueAt: new Date(Date.now() - 1_000),
    waitingReason: 'paused',
    status: 'waiting',
  });
  const out = await addPublication(api.sql, {
    organizationId,
    postId: await addPost(api.sql, { organizationId, content }),
    accountId,
    status: 'published',
    publishedAt: new Date(),
    platformPostId,
  });
  const ids = {
    account: accountId,
    post: postId,
    publication: publicationId,
    out,
    webhook: newId('webhook'),
    invitation: newId('invitation'),
    pause: newId('pause'),
    apiKey: newId('apiKey'),
    notification: newId('notification'),
  };
  await addPause(api.sql, { id: ids.pause, organizationId, accountId, reason, createdBy: 'test' });
  await addApiKey(api.sql, { id: ids.apiKey, organizationId, name: keyName, accountIds: [accountId] });
  await addNotification(api.sql, { id: ids.notification, organizationId, title, data: { accountId } });
  await api.sql(
    `insert into webhooks (id, organization_id, url, events, secret_sealed) values ($1, $2, $3, '{publication.*}', $3)`,
    [ids.webhook, organizationId, `https://${hook}.example`],
  );
  await api.sql(
    `insert into invitations (id, organization_id, email, role, token_hash, invited_by, expires_at)
     values ($1, $2, $3, 'viewer', $1, 'test', now() + interval '1 day')`,
    [ids.invitation, organizationId, `${hook}@example.org`],
  );
  return { ids, words };
}

const tables = ['accounts', 'posts', 'publications', 'pauses', 'api_keys', 'notifications', 'events', 'grants'];
/** Of the whole organization: what reaches every account. */
const wholeTables = ['webhooks', 'webhook_deliveries', 'invitations', 'memberships', 'publication_changes', 'consents'];

async function stateOf(organizationId: string, { ids }: Hidden): Promise<unknown> {
  const wanted = Object.values(ids);
  const states = tables.map((table) => {
    const of = table === 'grants' ? `id in (select grant_id from accounts where id = any($2))` : 'true';
    const own = ['events', 'grants'].includes(table) ? of : 'id = any($2)';
    const post = table === 'events' ? `(post_id = any($2) or publication_id = any($2))` : own;
    return api.sql(`select * from ${table} where organization_id = $1 and ${post} order by id`, [
      organizationId,
      wanted,
    ]);
  });
  const whole = wholeTables.map((table) =>
    api.sql(`select * from ${table} t where organization_id = $1 order by t::text`, [organizationId]),
  );
  return Promise.all([...states, ...whole]);
}

/** Bodies that would do something, were they allowed to; a route without one here gets an empty one. */
function bodiesFor({ method, path }: Operation, { account, post, publication }: Hidden['ids']): object[] {
  if (method === 'GET') return [];
  const content = 'Hello';
  const bodies: Record<string, object[]> = {
    'POST /api/v1/posts': [{ content, accountIds: [account], scheduledAt: new Date(Date.now() + 1e8).toISOString() }],
    'POST /api/v1/posts/validate': [{ content, accountIds: [account] }],
    'PUT /api/v1/posts/{id}': [{ content }, { scheduledAt: null }],
    'POST /api/v1/pauses': [
      { scope: 'account', id: account, reason: 'x' },
      { scope: 'organization', reason: 'x' },
      { scope: 'service', reason: 'x' },
    ],
    'POST /api/v1/api-keys': [{ name: 'x', scopes: ['read'], accountIds: [account] }],
    'PUT /api/v1/publications/{id}/content': [{ content }],
    'POST /api/v1/webhooks': [{ url: 'https://hooks.example.org/mine', events: ['publication.*'] }],
    'PUT /api/v1/webhooks/{id}': [{ enabled: false }],
    'POST /api/v1/invitations': [{ email: 'mine@example.org', role: 'admin' }],
    'POST /api/v1/members': [{ email: 'mine@example.org', name: 'x', password: testPassword, role: 'admin' }],
    'POST /api/v1/publications/{id}/resolve': [{ outcome: 'skip' }, { outcome: 'not_published', retry: true }],
  };
  return (
    bodies[`${method} ${path}`] ?? [{}, { id: account, accountId: account, postId: post, publicationId: publication }]
  );
}

function queriesFor({ method }: Operation, { account }: Hidden['ids']): string[] {
  if (method === 'GET') return ['', `?accountId=${account}`];
  return method === 'DELETE' ? ['', '?from=platforms'] : [''];
}

/** Tries everything there is with each hidden id, and tells what was shown of it. */
async function tryEverything(token: string, hidden: Hidden): Promise<string[]> {
  const shown: string[] = [];
  for (const operation of operations) {
    const isOneOf = operation.path.includes('{');
    const ids = isOneOf ? Object.values(hidden.ids) : [''];
    const queries = queriesFor(operation, hidden.ids);
    for (const id of ids) {
      for (const query of queries) {
        const path = operation.path.replaceAll(/\{\w+\}/g, id) + query;
        const bodies = bodiesFor(operation, hidden.ids);
        for (const body of bodies.length === 0 ? [undefined] : bodies) {
          const { status, text } = await api.call(operation.method, path, {
            token,
            ...(body === undefined ? {} : { body }),
          });
          const what = `${operation.method} ${path} ${JSON.stringify(body ?? null)}: ${status}`;
          if (status >= 500 && status !== 503) shown.push(`${what} ${text}`);
          const sent = path + JSON.stringify(body ?? null);
          const secrets = [...Object.values(hidden.ids), ...hidden.words].filter((secret) => !sent.includes(secret));
          for (const secret of secrets) if (text.includes(secret)) shown.push(`${what} shows ${secret}: ${text}`);
        }
      }
    }
  }
  return shown;
}

describe('nothing of an account is shown or changed by any route', () => {
  test('for a key that is limited to another account of the organization', { timeout: 120_000 }, async () => {
    const { accessToken, organization } = await api.register();
    const own = await addAccount(api.sql, { organizationId: organization.id });
    const hidden = await hide(organization.id);
    const before = await stateOf(organization.id, hidden);
    const created = await api.call('POST', '/api/v1/api-keys', {
      token: accessToken,
      body: { name: 'Limited', scopes: ['read', 'write', 'admin'], accountIds: [own.accountId] },
    });
    const key = String(created.json['key']);
    // What it is for, it may do.
    const stop = await api.call('POST', '/api/v1/pauses', {
      token: key,
      body: { scope: 'account', id: own.accountId, reason: 'Mine' },
    });
    expect([stop.status, stop.json]).toMatchObject([201, { accountId: own.accountId }]);
    expect(await tryEverything(key, hidden)).toEqual([]);
    expect(await stateOf(organization.id, hidden)).toEqual(before);
    expect(await api.sql('select id from pauses where account_id is null', [])).toEqual([]);
  });

  test('for the owner of another organization', { timeout: 120_000 }, async () => {
    const { organization } = await api.register();
    const hidden = await hide(organization.id);
    const before = await stateOf(organization.id, hidden);
    const stranger = await api.register();
    const key = await api.call('POST', '/api/v1/api-keys', {
      token: stranger.accessToken,
      body: { name: 'All', scopes: ['read', 'write', 'admin'] },
    });
    expect(await tryEverything(String(key.json['key']), hidden)).toEqual([]);
    expect(await stateOf(organization.id, hidden)).toEqual(before);
  });
});

describe('a stop of the whole organization', () => {
  test('is known to a limited key, which neither lifts it nor sees what else it holds', async () => {
    const { accessToken, organization } = await api.register();
    const own = await addAccount(api.sql, { organizationId: organization.id });
    const hidden = await hide(organization.id);
    const key = await api.call('POST', '/api/v1/api-keys', {
      token: accessToken,
      body: { name: 'Limited', scopes: ['admin'], accountIds: [own.accountId] },
    });
    const token = String(key.json['key']);
    const stop = await api.call('POST', '/api/v1/pauses', {
      token: accessToken,
      body: { scope: 'organization', reason: 'All' },
    });
    const id = String(stop.json['id']);
    expect((await api.call('GET', '/api/v1/pauses', { token })).json).toMatchObject({ items: [{ id }] });
    expect((await api.call('GET', `/api/v1/pauses/${id}/preview`, { token })).json).toMatchObject({ items: [] });
    const all = await api.call('GET', `/api/v1/pauses/${id}/preview`, { token: accessToken });
    expect(all.json).toMatchObject({ items: [{ publicationId: hidden.ids.publication }] });
    expect((await api.call('DELETE', `/api/v1/pauses/${id}`, { token })).status).toBe(403);
    expect((await api.call('DELETE', `/api/v1/pauses/${id}`, { token: accessToken })).status).toBe(204);
  });
});
