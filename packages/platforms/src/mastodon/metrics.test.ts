import { expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { mastodonMetrics } from './metrics.ts';

const status = (id: string) => ({ id, favourites_count: 3, replies_count: 1, reblogs_count: -1 });
const byId = {
  'GET /api/v1/statuses/1': () => ({ json: status('1') }),
  'GET /api/v1/statuses/2': () => ({ status: 404, json: { error: 'Record not found' } }),
};

async function read(software: string, routes: Parameters<typeof startRoutes>[0]) {
  await using client = openTestClient('mastodon');
  await using server = await startRoutes(routes);
  const serverRules = { textMax: 500, urlCharacters: 23, software };
  const found = await mastodonMetrics.readPosts({
    endpoints: testEndpoints(),
    http: client.http(),
    accessToken: 't',
    scopes: [],
    details: {},
    account: { externalId: '7', handle: 'ada', service: server.origin, serverRules },
    posts: ['1', '2'].map((platformPostId) => ({ platformPostId, url: null })),
    now: new Date(),
  });
  return { found, asked: server.seen.map(({ route }) => route) };
}

const readings = [
  ['reactions', 3],
  ['comments', 1],
  ['reposts', null],
];
const valuesIn = (found: Awaited<ReturnType<typeof read>>['found']) =>
  [...found].map(([id, list]) => [id, list.map(({ metric, value }) => [metric, value])]);

test('a newer server is asked for all at once', async () => {
  const { found, asked } = await read('mastodon', { 'GET /api/v1/statuses': () => ({ json: [status('1')] }) });
  expect(asked).toEqual(['GET /api/v1/statuses']);
  expect(valuesIn(found)).toEqual([['1', readings]]);
});

test.each([
  ['an older one, which does not know that', 'mastodon', ['GET /api/v1/statuses']],
  ['another that speaks the API, which may know it otherwise,', 'pleroma', []],
])('%s is asked for one by one', async (_name, software, first) => {
  const { found, asked } = await read(software, byId);
  expect(asked).toEqual([...first, 'GET /api/v1/statuses/1', 'GET /api/v1/statuses/2']);
  expect(valuesIn(found)).toEqual([['1', readings]]);
});
