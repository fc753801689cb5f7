import { expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startRoutes } from '../testing/test-platform.ts';
import { xMetrics } from './metrics.ts';

const now = new Date('2026-11-28T00:00:00Z');
const idAt = (day: string, more = 0n) => String(((BigInt(Date.parse(day)) - 1_288_834_974_657n) << 22n) + more);
const young = idAt('2026-11-20');
const old = idAt('2026-09-01');

async function read(ids: readonly string[], answer: (request: SeenRequest) => unknown) {
  await using client = openTestClient('x');
  await using server = await startRoutes({ 'GET /2/users/7/tweets': (request) => ({ json: answer(request) }) });
  const billed: number[] = [];
  const found = await xMetrics.readPosts({
    endpoints: testEndpoints({ api: server.origin }),
    http: client.http(),
    accessToken: 't',
    scopes: [],
    details: {},
    account: { externalId: '7', handle: 'ada', service: null },
    posts: ids.map((platformPostId) => ({ platformPostId, url: null })),
    now,
    onBilled: (posts) => void billed.push(posts),
  });
  return { found, billed, seen: server.seen.map(({ query }) => query) };
}

const post = (id: string, more: object = {}) => ({ id, public_metrics: { like_count: 3, repost_count: 2 }, ...more });
const namesIn = (readings: readonly { metric: string }[] = []) => readings.map(({ metric }) => metric);

test('what only the author sees is asked for of young posts alone, and every post is billed once', async () => {
  const { found, billed, seen } = await read([old, young], ({ query }) => ({
    data: [
      query['until_id'] === String(BigInt(young) + 1n)
        ? post(young, { non_public_metrics: { url_link_clicks: 9 } })
        : post(old),
    ],
  }));
  expect(
    seen.map((query) => [query['since_id'], query['until_id'], query['tweet.fields'], query['max_results']]),
  ).toEqual([
    [String(BigInt(young) - 1n), String(BigInt(young) + 1n), 'public_metrics,non_public_metrics', '100'],
    [String(BigInt(old) - 1n), String(BigInt(old) + 1n), 'public_metrics', '99'],
  ]);
  expect(billed).toEqual([2]);
  expect(found.get(young)).toContainEqual({
    metric: 'clicks',
    value: 9,
    source: 'url_link_clicks',
    definitionVersion: '2026-11',
  });
  expect(found.get(young)).toContainEqual(expect.objectContaining({ metric: 'reposts', value: 2 }));
  expect(namesIn(found.get(young))).toContain('profileVisits');
  expect(namesIn(found.get(old))).not.toContain('clicks');
});

test('a post that the page would show and does not is gone, one beyond its end was not reached', async () => {
  const ids = [1n, 2n, 3n].map((more) => idAt('2026-11-20', more));
  const [first = '', second = '', third = ''] = ids;
  const cut = await read(ids, () => ({ data: [post(third)], meta: { next_token: 'more' } }));
  expect([...cut.found].map(([id, readings]) => [id, readings.length > 0])).toEqual([
    [third, true],
    [first, false],
    [second, false],
  ]);
  const whole = await read(ids, () => ({ data: [post(third)], meta: {} }));
  expect([...whole.found.keys()]).toEqual([third]);
  const empty = await read(ids, () => ({ meta: { result_count: 0 } }));
  expect([empty.found.size, empty.billed]).toEqual([0, [0]]);
});

test('a full page leaves nothing for older posts, which are not asked for', async () => {
  const { found, seen, billed } = await read([young, old], () => ({
    data: Array.from({ length: 100 }, (_, index) => post(String(BigInt(young) - BigInt(index)))),
  }));
  expect([seen.length, billed]).toEqual([1, [100]]);
  expect(found.get(old)).toEqual([]);
});

test('what stands between posts that are days apart is neither asked for nor billed, and the oldest is read too', async () => {
  const days = ['2026-11-27', '2026-11-26', '2026-11-20', '2026-09-20', '2026-09-01'];
  const ids = days.map((day) => idAt(day));
  const { found, seen, billed } = await read(ids, ({ query }) => ({
    data: ids
      .filter((id) => BigInt(id) > BigInt(query['since_id'] ?? 0) && BigInt(id) < BigInt(query['until_id'] ?? 0))
      .map((id) => post(id)),
  }));
  expect([seen.length, billed]).toEqual([4, [5]]);
  expect(ids.map((id) => namesIn(found.get(id)).includes('reactions'))).toEqual(ids.map(() => true));
  const many = Array.from({ length: 20 }, (_, index) =>
    idAt('2026-11-01', BigInt(index) * (30n << 22n) * 86_400_000n * -1n),
  );
  expect((await read(many, () => ({ data: [] }))).seen).toHaveLength(8);
});
