import { fillOrganization, type FilledOrganization } from '@vibetribe/db/testing/fill-organization';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';
import { explainReads, type ReadStatement } from './test-plans.ts';

const posts = 3_000;
/** For a page of 20: itself, its parts, what was looked at in vain, a range of time that is sorted or walked by its days. All of a table is more. */
const rowsMax = 2_700;

/** No index tells this status: up to 1,000 posts are looked at, each with its publications and its place in an index. */
const lookedThrough = /status=partially_published/;
const rowsLookedAtMax = 3 * 1_000;

/** What counts or sums up rather than lists: held to its indexes alone. Each has a bound of its own. */
const counts = new Map([
  ['/api/v1/posts/scheduler/stats', 'each count ends at 10,000'],
  ['/api/v1/analytics/summary', 'reads the posts of two periods'],
  ['/api/v1/analytics/best-times', 'reads the posts of half a year'],
  ['/api/v1/queues/processed/stats', 'reads the sends of a day'],
  ['/api/v1/media/stats', 'reads all media, and what posts name'],
]);

/** One value or more for each parameter of a list; one that is missing here makes the test fail. */
const samples: Readonly<Record<string, (filled: FilledOrganization) => string[]>> = {
  from: () => [new Date(Date.now() - 150 * 86_400_000).toISOString()],
  to: () => [new Date(Date.now() - 120 * 86_400_000).toISOString()],
  accountId: ({ accountId, rareAccountId }) => [accountId, rareAccountId],
  expiringWithin: () => ['7d'],
  timezone: () => ['Europe/Berlin'],
  unread: () => ['true'],
  platform: () => ['x', 'mastodon'],
};

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: { readonly enum?: readonly string[]; readonly $ref?: string };
}

let api: TestApi;
let filled: FilledOrganization;
let token: string;
let keyOfOne: string;
const read: ReadStatement[] = [];
/** The request under way; '' where it is none of those that are looked at. */
let asked = '';
let operatorKey: string;

/** Connections take their methods as they are when they are opened. */
beforeAll(() =>
  explainReads(pg.Client.prototype, (statement) => void (asked !== '' && read.push({ ...statement, asked }))),
);
afterAll(() => vi.restoreAllMocks());
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
  const { organization, accessToken } = await api.register();
  [token, operatorKey] = [accessToken, await api.adminKey()];
  filled = await fillOrganization((text) => api.sql(text), { organizationId: organization.id, posts, mediaEvery: 1 });
  const body = { name: 'one', scopes: ['read'], accountIds: [filled.rareAccountId] };
  keyOfOne = String((await api.call('POST', '/api/v1/api-keys', { token, body })).json['key']);
  await api.sql('analyze');
});
afterAll(() => api[Symbol.asyncDispose]());

test(
  `no list reads more for its page where there are ${posts} posts than where there are few`,
  { timeout: 240_000 },
  async () => {
    const requests = await listRequests();
    expect(requests.length).toBeGreaterThan(60);
    for (const path of requests) {
      for (const by of /^\/api\/v1\/(queues|tasks)/.test(path)
        ? [operatorKey]
        : path.split('&').length > 2
          ? [token]
          : [token, keyOfOne]) {
        asked = path;
        const { status, json, text } = await api.call('GET', path, { token: by });
        if (by !== keyOfOne) expect([path, status, text]).toEqual([path, 200, text]);
        if (typeof json['nextCursor'] !== 'string') continue;
        asked = `${path} (second page)`;
        await api.call('GET', `${path}&cursor=${encodeURIComponent(json['nextCursor'])}`, { token: by });
      }
    }
    asked = '';
    const isCount = (path: string) => [...counts.keys()].some((counting) => path.startsWith(`${counting}?`));
    const costly = read.filter(
      (one) => (!isCount(one.asked) && one.rows > rowsMaxOf(one.asked)) || one.scanned.length > 0,
    );
    expect(
      costly.map(({ asked: path, rows, scanned, sql }) => `${path}: ${rows} rows, ${scanned.join()}: ${sql}`),
    ).toEqual([]);
    // What a queue holds is read by the queue's own statements.
    const reached = new Set(read.map((one) => one.asked.split('?')[0] ?? ''));
    const lists = requests
      .map((path) => path.split('?')[0] ?? '')
      .filter((path) => !path.startsWith('/api/v1/queues/'));
    expect(lists.filter((path) => !reached.has(path))).toEqual([]);
  },
);

/** Every GET of the document that lists or counts, with each value of its filters, and each of these with one of every other filter. */
async function listRequests(): Promise<string[]> {
  const { paths, components } = (await api.call('GET', '/openapi.json')).json as {
    components: { schemas: Record<string, Parameter['schema']> };
    paths: Record<string, { get?: { operationId: string; parameters?: Parameter[] } }>;
  };
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const names = get?.parameters?.map(({ name }) => name) ?? [];
    if (get === undefined || !(names.includes('cursor') || get.operationId.startsWith('list') || counts.has(path)))
      return [];
    const target = path.replace('{id}', () => idFor(path)).replace('{name}', 'publish-x');
    const filters = (get.parameters ?? []).filter(
      (one) => one.in === 'query' && !['limit', 'cursor'].includes(one.name),
    );
    const single = filters.map((filter) =>
      valuesOf(path, filter, components.schemas).map((value) => `${filter.name}=${encodeURIComponent(value)}`),
    );
    const pairs = single.flatMap((one, index) =>
      single.slice(index + 1).flatMap((other) => one.flatMap((a) => other.slice(0, 1).map((b) => `${a}&${b}`))),
    );
    return ['', ...single.flat(), ...pairs].map(
      (query) => `${target}?${names.includes('limit') ? 'limit=20&' : ''}${query}`,
    );
  });
}

function rowsMaxOf(path: string): number {
  return lookedThrough.test(path) ? rowsLookedAtMax : rowsMax;
}

function idFor(path: string): string {
  if (path.startsWith('/api/v1/posts/')) return filled.oldestPostId;
  if (path.startsWith('/api/v1/accounts/')) return filled.accountId;
  if (path.startsWith('/api/v1/webhooks/')) return filled.webhookId;
  if (path.startsWith('/api/v1/pauses/')) return filled.pauseId;
  throw new Error(`which id has ${path}? Name one of the filled organization.`);
}

function valuesOf(
  path: string,
  { name, schema }: Parameter,
  named: Readonly<Record<string, Parameter['schema']>>,
): readonly string[] {
  const values = samples[name]?.(filled) ?? (named[schema?.$ref?.split('/').at(-1) ?? ''] ?? schema)?.enum;
  if (values === undefined) throw new Error(`what does ${path} take as ${name}? Name a sample.`);
  return values;
}
