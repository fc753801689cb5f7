import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { platformIds, type PlatformId } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adapters } from '../registry.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startRoutes } from '../testing/test-platform.ts';

/** The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository. */
const directory = process.env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
const missing = `Requests for numbers were not checked: ${directory} is missing; set PLATFORM_SPECS_DIR.`;

function read<Value>(path: string, schema: z.ZodType<Value>): Value {
  return schema.parse(JSON.parse(readFileSync(join(directory, path), 'utf8')));
}

const Parameter = z.looseObject({
  name: z.string().optional(),
  $ref: z.string().optional(),
  schema: z.unknown().optional(),
});
const OpenApi = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ parameters: z.record(z.string(), Parameter).default({}) }),
});

/** Names that a path of a description takes in the query, each with its schema as text. */
function parametersOf(file: string, path: string): ReadonlyMap<string, string> {
  const { paths, components } = read(file, OpenApi);
  const { parameters } = z.object({ parameters: z.array(Parameter) }).parse(paths[path]?.['get']);
  return new Map(
    parameters.flatMap((given) => {
      const known = given.$ref === undefined ? given : components.parameters[given.$ref.split('/').at(-1) ?? ''];
      return known?.name === undefined ? [] : [[known.name, JSON.stringify(known.schema)] as const];
    }),
  );
}

/** What is asked for one post and the account; what is answered serves nobody. */
async function requestsOf(
  platform: PlatformId,
  post: string,
  externalId: string,
  json: object,
): Promise<SeenRequest[]> {
  await using client = openTestClient(platform);
  await using server = await startRoutes(new Proxy({}, { get: () => () => ({ json }) }));
  const { metrics } = adapters[platform];
  const account = { externalId, handle: 'ada', service: server.origin };
  const serverRules = { textMax: 500, urlCharacters: 23, software: 'mastodon' };
  const endpoints = testEndpoints({ api: server.origin });
  const access = { accessToken: 't', scopes: [], details: {} };
  const call = { endpoints, http: client.http(), ...access, account: { ...account, serverRules }, now: new Date() };
  await metrics?.readPosts({ ...call, posts: [{ platformPostId: post, url: null }] }).catch(() => undefined);
  await metrics?.readAccount?.(call).catch(() => undefined);
  return server.seen;
}

test('every platform tells numbers', () => {
  expect(platformIds.filter((platform) => adapters[platform].metrics === undefined)).toEqual([]);
});

describe('requests for numbers, against the platforms’ own descriptions', () => {
  beforeEach((context) => context.skip(!existsSync(directory), missing));
  afterAll(() => (existsSync(directory) ? undefined : process.stderr.write(`${missing}\n`)));

  test('X', async () => {
    const id = String((BigInt(Date.now()) - 1_288_834_974_657n) << 22n);
    const [posts, me] = await requestsOf('x', id, '7', { data: [] });
    const file = 'x-api-v2.openapi.json';
    const known = parametersOf(file, '/2/users/{id}/tweets');
    const { 'tweet.fields': fields = '', ...rest } = posts?.query ?? {};
    expect(Object.keys(rest).filter((name) => !known.has(name))).toEqual([]);
    // The documents have `tweet.fields`, the description `post.fields`.
    for (const field of fields.split(',')) expect(known.get('post.fields')).toContain(`"${field}"`);
    const ofMe = parametersOf(file, '/2/users/me');
    expect(me?.route).toBe('GET /2/users/me');
    expect(ofMe.get('user.fields')).toContain(`"${me?.query['user.fields']}"`);
  });

  test('YouTube', async () => {
    const [video, channel] = await requestsOf('youtube', 'v1', 'UC1', { items: [] });
    for (const request of [video, channel]) {
      const known = parametersOf('google/youtube.json', request?.route.replace('GET ', '') ?? '');
      expect(Object.keys(request?.query ?? {}).filter((name) => !known.has(name))).toEqual([]);
    }
  });

  test('Pinterest', async () => {
    const [pin, board] = await requestsOf('pinterest', '77', '8', { all: {} });
    const known = parametersOf('pinterest/openapi.v5.json', '/pins/{pin_id}/analytics');
    expect(pin?.route).toBe('GET /v5/pins/77/analytics');
    expect(Object.keys(pin?.query ?? {}).filter((name) => !known.has(name))).toEqual([]);
    for (const type of (pin?.query['metric_types'] ?? '').split(','))
      expect(known.get('metric_types')).toContain(`"${type}"`);
    expect(board?.route).toBe('GET /v5/boards/8');
  });

  test('Mastodon', async () => {
    const [statuses, account] = await requestsOf('mastodon', '11', '7', []);
    const known = parametersOf('mastodon/mastodon.openapi.json', '/api/v1/statuses');
    expect(
      Object.keys(statuses?.query ?? {})
        .map((name) => name.replace('[]', ''))
        .filter((name) => !known.has(name)),
    ).toEqual([]);
    expect(account?.route).toBe('GET /api/v1/accounts/7');
  });

  test('Bluesky', async () => {
    const Lexicon = z.object({
      defs: z.object({
        main: z.looseObject({ parameters: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
      }),
    });
    const seen = await requestsOf('bluesky', 'at://did:plc:1/app.bsky.feed.post/a', 'did:plc:1', {});
    expect(seen).toHaveLength(2);
    for (const { route, query } of seen) {
      const path = route.replace('GET /xrpc/', '').replaceAll('.', '/');
      const { properties } = read(`atproto-lexicons/${path}.json`, Lexicon).defs.main.parameters;
      expect(Object.keys(query).filter((name) => !Object.hasOwn(properties, name))).toEqual([]);
    }
  });

  test('Instagram', async () => {
    const Enums = z.array(z.looseObject({ name: z.string(), values: z.array(z.string()) }));
    const enums = read('meta-business-sdk-codegen/api_specs/specs/enum_types.json', Enums);
    const known = enums.find(({ name }) => name === 'shadowigmediainsights_metric_enum_param')?.values ?? [];
    for (const kind of ['FEED', 'REELS', 'STORY']) {
      const seen = await requestsOf('instagram', '18', '17', { media_product_type: kind, data: [] });
      const asked = seen.find(({ route }) => route.endsWith('/insights'))?.query['metric'] ?? 'none';
      expect(asked.split(',').filter((name) => !known.includes(name))).toEqual([]);
    }
  });
});
