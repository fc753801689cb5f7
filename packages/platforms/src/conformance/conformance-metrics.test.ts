import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall, VisiblePart } from '../port/account.ts';
import type { MetricReading } from '../port/metrics.ts';
import { adapters } from '../registry.ts';
import {
  type ConformanceStage,
  type Connected,
  failureOf,
  openConformanceStage,
  publishedPart,
} from '../testing/test-conformance.ts';
import { publishThrough } from '../testing/test-publish.ts';

/** The numbers of posts and accounts, against what the sandbox's followers were told to do. */
let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());
afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

const given = { likes: 41, comments: 17, shares: 5, followers: 1_234 };
/** Nothing of a young post is told. */
const late: ReadonlySet<string> = new Set(['instagram', 'linkedin', 'pinterest']);
const measured = platformIds.filter((platform) => adapters[platform].metrics !== undefined);

describe.each(measured)('%s', (platform) => {
  const { metrics, displayName } = adapters[platform];
  if (metrics === undefined) throw new Error('no numbers');
  const on = () => stage.on(platform);

  let connected: Connected;
  let post: VisiblePart;
  beforeAll(async () => {
    await stage.sandbox.control('PUT', '/_sandbox/limits', { platform, scale: 100 });
    connected = await on().connectByHand();
    const text = `counted on ${displayName}`;
    post = publishedPart(await publishThrough(stage.sandbox, on().publicationOf(connected, text)));
    await audience(connected, given, post.platformPostId);
  });

  function callOf({ account, credentials }: Connected, http: PlatformHttp = on().http()): AccountCall & { now: Date } {
    return { endpoints: on().endpoints, http, account, ...accessOf(credentials, account), now: new Date() };
  }

  const audience = ({ account: { externalId: account } }: Connected, numbers: object, id: string) =>
    stage.sandbox.control('POST', '/_sandbox/audience', { platform, account, post: id, ...numbers });

  test('what followers did is read, by post and by account', async () => {
    const found = await metrics.readPosts({ ...callOf(connected), posts: [post] });
    const readings = valuesOf(found.get(post.platformPostId) ?? []);
    const own = valuesOf((await metrics.readAccount?.(callOf(connected))) ?? []);
    expect(Object.keys(readings).length + Object.keys(own).length).toBeGreaterThan(0);
    const { reactions = given.likes, comments = given.comments } = readings;
    const { reposts, shares } = readings;
    const sent = (reposts ?? 0) + (shares ?? 0) || given.shares;
    const { followers = given.followers } = own;
    expect({ likes: reactions, comments, shares: sent, followers }).toEqual(given);
  });

  test('a post that is not there is missing', async () => {
    const { platformPostId: id } = post;
    const gone = { platformPostId: `${id.slice(0, -1)}${id.endsWith('2') ? '3' : '2'}`, url: null };
    const found = await metrics.readPosts({ ...callOf(connected), posts: [gone] });
    expect(found.get(gone.platformPostId) ?? []).toEqual([]);
  });

  test.each([
    ['permission', {}, { kind: 'permission' }],
    ['rate-limit', { retryAfterSeconds: 120 }, { kind: 'rate_limit' }],
    ['garbage', {}, { kind: 'unavailable' }],
    ['http-503', {}, { kind: 'unavailable' }],
  ])('%s is told as what it is', async (kind, more, expected) => {
    await stage.sandbox.control('POST', '/_sandbox/faults', { platform, kind, ...more });
    const failure = await failureOf(
      metrics.postDaysMax === 0
        ? metrics.readAccount?.(callOf(connected))
        : metrics.readPosts({ ...callOf(connected), posts: [post] }),
    );
    expect(failure).toMatchObject(expected);
  });

  test('what nobody has set grows with time, and is told as late as the platform tells it', async () => {
    const text = `left alone on ${displayName}`;
    const fate = publishedPart(await publishThrough(stage.sandbox, on().publicationOf(connected, text)));
    const read = async (as: Connected) => {
      const posts = await metrics.readPosts({ ...callOf(as), posts: [fate] });
      return (posts.get(fate.platformPostId) ?? []).map(({ value }) => value);
    };
    expect(new Set(await read(connected)).isSubsetOf(new Set(late.has(platform) ? [null] : [null, 0]))).toBe(true);
    await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 3 * 86_400_000 });
    const { handle } = connected.made.account;
    connected = await on().connectAs(await stage.sandbox.control('POST', '/_sandbox/accounts', { platform, handle }));
    const grown = (await read(connected)).filter((value) => value !== null && value > 0);
    expect(grown.length > 0).toBe(metrics.postDaysMax !== 0);
  });

  test('numbers that nobody can have counted are none', async () => {
    for (const wrong of [-1, 1e30, 0.5, 'many', null]) {
      const call = callOf(connected, withNumbers(on().http(), wrong));
      const found = await metrics.readPosts({ ...call, posts: [post] });
      const own = (await metrics.readAccount?.(call)) ?? [];
      const values = [...(found.get(post.platformPostId) ?? []), ...own].map(({ value }) => value);
      expect(values.filter((value) => value !== null)).toEqual([]);
    }
  });
});

function valuesOf(readings: readonly MetricReading[]): Partial<Record<MetricReading['metric'], number | null>> {
  return Object.fromEntries(readings.map(({ metric, value }) => [metric, value]));
}

/** The platform, with another value in place of each of its numbers. */
function withNumbers(http: PlatformHttp, wrong: unknown): PlatformHttp {
  return {
    request: async (request) => {
      const answer = await http.request(request);
      return { ...answer, json: replaced(answer.json, wrong) };
    },
  };
}

function replaced(json: unknown, wrong: unknown, name = ''): unknown {
  if (typeof json === 'number') return wrong;
  if (typeof json === 'string') return /count/iu.test(name) || name === 'value' ? wrong : json;
  if (Array.isArray(json)) return json.map((each) => replaced(each, wrong, name));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, replaced(value, wrong, key)]));
}
