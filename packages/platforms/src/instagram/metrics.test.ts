import { expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes, type SeenRequest } from '../testing/test-platform.ts';
import { instagramMetrics } from './metrics.ts';

type Answer = { status?: number; json: unknown };
const refusal = (code: number) => ({ status: 400, json: { error: { code, message: `(#${code})` } } });
const numbers = (names: readonly string[]) => ({
  json: { data: names.map((name) => ({ name, period: 'lifetime', values: [{ value: 7 }] })) },
});

async function read(kind: string, insights: (names: readonly string[], request: SeenRequest) => Answer) {
  await using client = openTestClient('instagram');
  await using server = await startRoutes({
    'GET /v25.0/18': () => ({ json: { id: '18', media_product_type: kind } }),
    'GET /v25.0/18/insights': (request) => insights((request.query['metric'] ?? '').split(','), request),
  });
  const found = await instagramMetrics.readPosts({
    endpoints: testEndpoints({ api: server.origin }),
    http: client.http(),
    accessToken: 't',
    scopes: [],
    details: {},
    account: { externalId: '17', handle: 'ada', service: null },
    posts: [{ platformPostId: '18', url: null }],
    now: new Date(),
  });
  return { readings: found.get('18') ?? [], asked: server.seen.map(({ query }) => query['metric']) };
}

test('one name that the medium does not have fails all: then each is asked for alone, and that one is left out', async () => {
  const { readings, asked } = await read('FEED', (names) =>
    names.includes('reposts') ? refusal(100) : numbers(names),
  );
  expect(asked.slice(2)).toEqual(['views', 'reach', 'shares', 'likes', 'comments', 'saved', 'reposts']);
  expect(readings.map(({ source, value }) => [source, value])).toEqual(
    ['views', 'reach', 'shares', 'likes', 'comments', 'saved'].map((name) => [name, 7]),
  );
});

test('an empty set is no zero, and neither is a story that few have seen', async () => {
  const nothing = await read('REELS', () => ({ json: { data: [] } }));
  expect(new Set(nothing.readings.map(({ value }) => value))).toEqual(new Set([null]));
  expect(nothing.readings.map(({ metric }) => metric)).toContain('averageWatchMs');
  const few = await read('STORY', () => refusal(10));
  expect(new Set(few.readings.map(({ value }) => value))).toEqual(new Set([null]));
});

test('a permission that is missing is told', async () => {
  await expect(read('FEED', () => refusal(10))).rejects.toMatchObject({ kind: 'permission' });
});
