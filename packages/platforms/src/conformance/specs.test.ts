import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adapters } from '../registry.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';

/** The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository. */
const directory = process.env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
const missing = `Requests to X, Mastodon and Bluesky were not checked: ${directory} is missing; set PLATFORM_SPECS_DIR.`;

/** Every request of an answer with a described picture and these options, and of the look-up for it. */
async function requests(
  platform: PlatformId,
  answer: (request: SeenRequest) => object,
  options: Record<string, unknown>,
): Promise<SeenRequest[]> {
  const routes = new Proxy({}, { get: () => (request: SeenRequest) => ({ json: answer(request) }) });
  await using server = await startRoutes(routes);
  await using client = openTestClient(platform);
  const adapter = adapters[platform];
  const externalId = platform === 'bluesky' ? 'did:plc:ada' : '7';
  const root = { platformPostId: platform === 'bluesky' ? 'at://did:plc:ada/app.bsky.feed.post/3l' : '5', url: null };
  const target = { ...root, reference: 'bafyroot' };
  const publication = startPublication({
    adapter,
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account: { externalId, handle: 'ada', service: server.origin },
    accessToken: 't',
    replyTo: { root: target, parent: target },
    content: { text: 'Hello https://a.example #tag', options, media: [testPicture('A view')] },
  });
  await publication.publish();
  await publication.reconcile();
  return server.seen;
}

const Named = z.looseObject({ name: z.string().optional(), $ref: z.string().optional() });
const Operation = z.looseObject({
  parameters: z.array(Named).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) }).optional(),
});
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    parameters: z.record(z.string(), Named).default({}),
  }),
});
const Schema = z.looseObject({
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  oneOf: z.array(z.unknown()).default([]),
  allOf: z.array(z.unknown()).default([]),
  anyOf: z.array(z.unknown()).default([]),
});

/** Requests, parameters and fields that the document does not have. */
function strangersIn(file: string, seen: readonly SeenRequest[]): string[] {
  const { paths, components } = Document.parse(JSON.parse(readFileSync(join(directory, file), 'utf8')));
  const lastOf = (ref = '') => ref.split('/').at(-1) ?? '';
  const fieldsOf = (given: unknown): string[] => {
    const schema = Schema.parse(given ?? {});
    const inner = [...schema.oneOf, ...schema.allOf, ...schema.anyOf].flatMap(fieldsOf);
    const referred = schema.$ref === undefined ? [] : fieldsOf(components.schemas[lastOf(schema.$ref)]);
    return [...Object.keys(schema.properties), ...inner, ...referred];
  };
  return seen.flatMap(({ route, query, body }) => {
    const [method = '', path = ''] = route.split(' ');
    const [, described] =
      Object.entries(paths).find(([one]) => one === path) ??
      Object.entries(paths).find(([one]) =>
        new RegExp(`^${one.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u').test(path),
      ) ??
      [];
    if (described?.[method.toLowerCase()] === undefined) return [route];
    const { parameters, requestBody } = Operation.parse(described[method.toLowerCase()]);
    const names = parameters.map(({ name, $ref }) => name ?? components.parameters[lastOf($ref)]?.name);
    const fields = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => fieldsOf(schema));
    const sent = body.startsWith('{')
      ? Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(body)))
      : Array.from(
          body.matchAll(/content-disposition: form-data; name="(?<name>[^"]+)"/giu),
          ({ groups }) => groups?.['name'] ?? '',
        );
    return [
      ...Object.keys(query)
        .filter((name) => !names.includes(name))
        .map((name) => `${route} ?${name}`),
      ...sent.filter((name) => !fields.includes(name)).map((name) => `${route} ${name}`),
    ];
  });
}

const Lexicon = z.looseObject({
  defs: z.record(
    z.string(),
    z.looseObject({
      record: z.unknown().optional(),
      input: z.looseObject({ schema: z.unknown().optional() }).optional(),
    }),
  ),
});
const Fields = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function lexicon(type: string) {
  const [nsid = '', name = 'main'] = type.split('#');
  const file = join(directory, 'atproto-lexicons', `${nsid.replaceAll('.', '/')}.json`);
  const { defs } = Lexicon.parse(JSON.parse(readFileSync(file, 'utf8')));
  const found = defs[name];
  return Fields.parse(found?.record ?? found?.input?.schema ?? found);
}

/** Of everything that names its type, what that type does not have, or demands and is not there. */
function lexiconStrangers(value: unknown, type?: string): string[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => lexiconStrangers(each));
  if (typeof value !== 'object' || value === null) return [];
  const named = type ?? ('$type' in value && typeof value.$type === 'string' ? value.$type : undefined);
  const inside = Object.values(value).flatMap((each: unknown) => lexiconStrangers(each));
  if (named === undefined || named === 'blob') return inside;
  const { properties, required } = lexicon(named);
  const names = Object.keys(value).filter((name) => name !== '$type');
  return [
    ...names.filter((name) => properties[name] === undefined).map((name) => `${named} ${name}`),
    ...required.filter((name) => !names.includes(name)).map((name) => `${named} without ${name}`),
    ...inside,
  ];
}

describe('requests against the platforms’ own descriptions', () => {
  beforeEach((context) => context.skip(!existsSync(directory), missing));
  afterAll(() => (existsSync(directory) ? undefined : process.stderr.write(`${missing}\n`)));

  test('X: an answer with a described picture, and its look-up', async () => {
    const answer = ({ route }: SeenRequest) =>
      route.startsWith('GET /2/users') ? { data: [], meta: {} } : { data: { id: '19', text: 'Hello' } };
    const seen = await requests('x', answer, { replySettings: 'following' });
    expect(new Set(seen.map(({ route }) => route))).toContain('POST /2/tweets');
    // The older name: servers that refuse it are asked by the newer one, see `x/reconcile.test.ts`.
    const exceptions = ['GET /2/users/7/tweets ?tweet.fields'];
    expect(strangersIn('x-api-v2.openapi.json', seen)).toEqual(exceptions);
  });

  test('Mastodon: the same', async () => {
    const answer = ({ route }: SeenRequest) =>
      /GET .*statuses/u.test(route) ? [] : { id: '5', type: 'image', url: 'https://i.example/5' };
    const options = { visibility: 'unlisted', spoilerText: 'cw', language: 'en', sensitive: true };
    const seen = await requests('mastodon', answer, options);
    expect(new Set(seen.map(({ route }) => route))).toContain('POST /api/v1/statuses');
    expect(strangersIn('mastodon/mastodon.openapi.json', seen)).toEqual([]);
  });

  test('Bluesky: the same', async () => {
    const blob = { $type: 'blob', ref: { $link: `bafkrei${'a'.repeat(52)}` }, mimeType: 'image/png', size: 9 };
    const answer = () => ({
      blob,
      uri: 'at://did:plc:ada/app.bsky.feed.post/3l',
      cid: 'bafy',
      value: { text: 'Hello', createdAt: '2026-11-22T10:00:00Z' },
      did: 'did:plc:ada',
    });
    const seen = await requests('bluesky', answer, { langs: ['en'] });
    const sent = seen.filter(({ body }) => body.startsWith('{'));
    expect(sent.map(({ route }) => route)).toContain('POST /xrpc/com.atproto.repo.putRecord');
    const strangers = sent.flatMap(({ route, body }) =>
      lexiconStrangers(JSON.parse(body), route.replace('POST /xrpc/', '')),
    );
    expect(strangers).toEqual([]);
  });
});
