import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterAccount } from '../port/account.ts';
import { adapters } from '../registry.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';

const client = openTestClient('facebook');
afterAll(() => client[Symbol.asyncDispose]());

type Routes = Parameters<typeof startRoutes>[0];
type Answer = { status?: number; json: unknown };

/** Takes post 7 of account 10 off; on Mastodon the server is the account's own. */
async function takeOff(platform: keyof typeof adapters, routes: Routes, more: Partial<AdapterAccount> = {}) {
  await using server = await startRoutes(routes);
  const call = {
    endpoints: testEndpoints({ api: server.origin, version: 'v1', hosts: { pages: server.origin } }),
    http: client.http(),
    account: { externalId: '10', handle: 'ada', service: server.origin, ...more },
    accessToken: 't',
    scopes: [],
    details: { login: 'page' },
    post: { platformPostId: '7', url: null },
  };
  const end = await adapters[platform].remove?.(call).catch((error: unknown) => error);
  return { end, routes: server.seen.map(({ route }) => route), call };
}

const graphError = (code: number, subcode?: number) => (): Answer => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});
const listed = (): Answer => ({ json: { data: [] } });
const shown = (): Answer => ({ json: { id: '7' } });
const kept = { kind: 'permission', platformCode: 'not_own' };

describe.each([
  ['facebook', 'published_posts', graphError(100, 33)],
  ['instagram', 'media', graphError(100, 33)],
  ['instagram', 'media', graphError(24, 2_207_006)],
  ['threads', 'threads', graphError(100, 33)],
  ['threads', 'threads', graphError(24, 4_279_009)],
] as const)('%s: what is said not to exist', (platform, list, notFound) => {
  const post = { 'DELETE /v1/7': notFound, 'GET /v1/7': notFound };

  test('is gone where the account’s own posts may be listed', async () => {
    const { end, routes } = await takeOff(platform, { ...post, [`GET /v1/10/${list}`]: listed });
    expect(end).toBe('already_gone');
    expect(routes.slice(-3)).toEqual(['DELETE /v1/7', 'GET /v1/7', `GET /v1/10/${list}`]);
  });

  test('is not gone where it is shown: it may not be taken off', async () => {
    expect((await takeOff(platform, { ...post, 'GET /v1/7': shown })).end).toMatchObject(kept);
  });

  test('says nothing where the application may not even list the account’s posts', async () => {
    const closed = { ...post, [`GET /v1/10/${list}`]: graphError(10) };
    expect((await takeOff(platform, closed)).end).toMatchObject({ kind: 'permission', platformCode: '10' });
    const gone = { ...post, [`GET /v1/10/${list}`]: graphError(100, 33) };
    expect((await takeOff(platform, gone)).end).toMatchObject({ accountGone: expect.any(String) });
  });
});

test('what a visitor wrote on a page of Facebook stays', async () => {
  const by = (id: string) => ({
    'GET /v1/7': () => ({ json: { id: '7', from: { id } } }),
    'DELETE /v1/7': () => ({ json: { success: true } }),
  });
  const { end, routes } = await takeOff('facebook', by('99'));
  expect(end).toMatchObject(kept);
  expect(routes).toEqual(['GET /v1/7']);
  expect((await takeOff('facebook', by('10'))).end).toBe('removed');
});

test('Mastodon says of somebody else’s post that it is not there: it is told as kept, not as gone', async () => {
  const missing = () => ({ status: 404, json: { error: 'Record not found' } });
  const status = { 'DELETE /api/v1/statuses/7': missing };
  const there = () => ({ json: { id: '7', created_at: '2026-11-22T10:00:00Z' } });
  expect((await takeOff('mastodon', { ...status, 'GET /api/v1/statuses/7': there })).end).toMatchObject(kept);
  expect((await takeOff('mastodon', { ...status, 'GET /api/v1/statuses/7': missing })).end).toBe('already_gone');
});

test('one consent opens several authors of LinkedIn: the posts of another one are neither taken off nor edited', async () => {
  const by = (author: string) => ({
    'GET /rest/posts/7': () => ({ json: { id: '7', author } }),
    'DELETE /rest/posts/7': () => ({ status: 204, json: '' }),
    'POST /rest/posts/7': () => ({ status: 204, json: '' }),
  });
  const [ours, theirs, ada] = ['urn:li:organization:1', 'urn:li:organization:2', 'urn:li:person:ada'];
  for (const [externalId, author] of [
    [ours, theirs],
    [ours, ada],
    [ada, theirs],
  ] as const) {
    const { end, routes, call } = await takeOff('linkedin', by(author), { externalId });
    expect(end).toMatchObject(kept);
    expect(routes).toEqual(['GET /rest/posts/7']);
    await using server = await startRoutes(by(author));
    const endpoints = testEndpoints({ api: server.origin });
    const edit = adapters.linkedin.edit?.({ ...call, endpoints, content: { text: 'New', options: {} } });
    await expect(edit).rejects.toMatchObject(kept);
    expect(server.seen.map(({ route }) => route)).toEqual(['GET /rest/posts/7']);
  }
  expect((await takeOff('linkedin', by(ours), { externalId: ours })).end).toBe('removed');
  const unread = { ...by(ours), 'GET /rest/posts/7': () => ({ status: 403, json: { code: 'ACCESS_DENIED' } }) };
  expect((await takeOff('linkedin', unread, { externalId: ada })).end).toBe('removed');
});
