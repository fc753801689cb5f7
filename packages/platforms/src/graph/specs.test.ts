import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { facebook } from '../facebook/index.ts';
import { instagram } from '../instagram/index.ts';
import type { PlatformAdapter } from '../port/adapter.ts';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testPicture, testVideo } from '../testing/test-media.ts';
import {
  commentsOnly,
  openTestClient,
  type SeenRequest,
  startPublication,
  startRoutes,
} from '../testing/test-platform.ts';

/** The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository. */
const directory = process.env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
const folder = join(directory, 'meta-business-sdk-codegen/api_specs/specs');
const missing = `Requests to the Graph API were not checked: ${directory} is missing; set PLATFORM_SPECS_DIR.`;

/** Newer than the description, with where they are documented. */
const exceptions: Readonly<Record<string, string>> = {
  'POST IGUser/media is_ai_generated': 'https://developers.facebook.com/docs/instagram-platform/changelog, 2026-06-22',
  'POST Page/photos source': 'the file itself; https://developers.facebook.com/docs/graph-api/reference/page/photos',
  'POST Page/video_reels upload_phase=start':
    'in lower case there: https://developers.facebook.com/docs/video-api/guides/reels-publishing',
  'POST Page/video_reels upload_phase=finish':
    'in lower case there: https://developers.facebook.com/docs/video-api/guides/reels-publishing',
};

const Node = z.object({
  apis: z.array(
    z.looseObject({
      method: z.string(),
      endpoint: z.string().optional(),
      params: z.array(z.looseObject({ name: z.string(), type: z.string(), required: z.boolean() })).default([]),
    }),
  ),
  fields: z.array(z.looseObject({ name: z.string() })),
});

const Enums = z.array(z.looseObject({ name: z.string(), values: z.array(z.string()) }));

/** Undefined for a type that is no list of words. */
function valuesOf(type: string): readonly string[] | undefined {
  if (type === 'bool') return ['true', 'false'];
  const enums = Enums.parse(JSON.parse(readFileSync(join(folder, 'enum_types.json'), 'utf8')));
  return enums.find(({ name }) => name === type)?.values;
}

function readNode(name: string) {
  return Node.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
}

/** Names and values that a request has and the description has not, and what it demands and is not there. Standing for the token, the paging and what every edge takes: nothing. */
function strangersIn({ route, query, body, headers }: SeenRequest, nodeOf: (id: string) => string): string[] {
  const [method = '', path = ''] = route.split(' ');
  const [, , id = '', edge] = path.split('/');
  const name = nodeOf(id);
  const node = readNode(name);
  const place = `${method} ${name}${edge === undefined ? '' : `/${edge}`}`;
  if (method === 'GET') {
    const target = edge === undefined ? node : readNode(edge === 'media' || edge === 'stories' ? 'IGMedia' : name);
    const fields = (query['fields'] ?? '')
      .split(',')
      .filter((field) => edge !== 'content_publishing_limit' && field !== '');
    return fields
      .filter((field) => !target.fields.some((known) => known.name === field))
      .map((field) => `${place} ${field}`);
  }
  const api = node.apis.find((each) => each.method === method && (each.endpoint ?? '') === (edge ?? ''));
  if (api === undefined) return [`${place} is not described`];
  const isForm = String(headers['content-type']).startsWith('application/x-www-form-urlencoded');
  const fields: readonly (readonly [name: string, value: string])[] = isForm
    ? [...new URLSearchParams(body)]
    : [...body.matchAll(/form-data; name="([^"]+)"[^\r]*\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)/gu)].map(
        ([, field = '', value = '']) => [field, value],
      );
  const plain = new Map(fields.map(([field, value]) => [field.replace(/\[\d+\]$/u, ''), value]));
  const strange = [...plain].flatMap(([field, value]) => {
    const known = api.params.find(({ name: described }) => described === field);
    if (known === undefined) return [field];
    return valuesOf(known.type)?.includes(value) === false ? [`${field}=${value}`] : [];
  });
  const missing = api.params.filter((param) => param.required && !plain.has(param.name));
  return [...strange, ...missing.map((param) => `without ${param.name}`)].map((what) => `${place} ${what}`);
}

const withUrl = <Item extends MediaItem>(item: Item): Item => ({
  ...item,
  url: `https://files.example/${item.sha256}`,
});

/** Every request of these publications, whatever becomes of them: the server says yes to everything. */
async function requestsOf(
  adapter: PlatformAdapter,
  contents: readonly { text?: string; options?: Record<string, unknown>; media?: MediaItem[] }[],
): Promise<SeenRequest[]> {
  await using client = openTestClient(adapter.id);
  const answer = (origin: string) => ({
    id: '77',
    uri: `${origin}/up`,
    upload_url: `${origin}/up`,
    upload_session_id: '9',
    video_id: '88',
    start_offset: '0',
    end_offset: '0',
    success: true,
    status_code: 'FINISHED',
    data: [],
    is_published: true,
  });
  let origin = '';
  const routes = new Proxy({}, { get: () => () => ({ json: answer(origin) }) });
  await using server = await startRoutes(routes);
  ({ origin } = server);
  const hosts = { video: origin, upload: origin, pages: origin };
  const account = { externalId: '10', handle: 'page', service: null };
  const place = {
    endpoints: testEndpoints({ api: origin, version: 'v25.0', hosts }),
    client,
    account,
    accessToken: 't',
  };
  for (const content of contents) {
    const whole = { text: 'Hello', options: {}, media: [], ...content };
    await startPublication({ ...place, adapter, content: whole })
      .publish()
      .catch(() => null);
  }
  const { comments } = adapter;
  const root = { platformPostId: '77', url: null };
  if (comments !== undefined)
    await startPublication({
      ...place,
      adapter: commentsOnly(adapter, comments),
      replyTo: { root, parent: root },
      content: { text: 'First', options: {}, media: [] },
    }).publish();
  return server.seen.filter(({ route }) => route.includes(' /v25.0/'));
}

describe('requests to the Graph API, against Meta’s own description', () => {
  beforeEach((context) => context.skip(!existsSync(folder), missing));
  afterAll(() => (existsSync(folder) ? undefined : process.stderr.write(`${missing}\n`)));

  test('Instagram: containers of every kind, publishing, comments and lists name nothing unknown', async () => {
    const everything = {
      locationId: '55',
      userTags: [{ username: 'bob', x: 0.5, y: 0.5 }],
      collaborators: ['eve'],
      madeWithAi: true,
    };
    const reel = {
      coverUrl: 'https://a.bc/c.jpg',
      thumbOffsetMs: 1,
      shareToFeed: true,
      audioName: 'S',
      trial: 'manual',
    };
    const photo = withUrl(testPhoto('A view'));
    const seen = await requestsOf(instagram, [
      { media: [photo], options: everything },
      { media: [photo, withUrl(testVideo(1_000))], options: everything },
      { media: [withUrl(testVideo(1_000))], options: { postAs: 'reel', ...everything, ...reel } },
      { media: [photo], options: { postAs: 'story' } },
    ]);
    const nodeOf = (id: string) => (id === '10' ? 'IGUser' : 'IGMedia');
    // A container is no node of the description; its one field is told by the documents.
    const known = seen.filter(({ query }) => query['fields'] !== 'status_code,status');
    expect(new Set(known.map(({ route }) => route))).toContain('POST /v25.0/10/media_publish');
    const strangers = known.flatMap((request) => strangersIn(request, nodeOf));
    expect([...new Set(strangers)].filter((stranger) => exceptions[stranger] === undefined)).toEqual([]);
  });

  test('Facebook: the feed, photos, videos, reels and comments name nothing unknown', async () => {
    const seen = await requestsOf(facebook, [
      { options: { link: 'https://example.com/' } },
      { media: [testPicture('One'), testPicture('Two')] },
      { media: [testVideo(1_000)], options: { title: 'A film' } },
      { media: [testVideo(1_000)], options: { videoAs: 'reel', title: 'A reel' } },
    ]);
    const nodeOf = (id: string) => (id === '10' ? 'Page' : id === '88' ? 'AdVideo' : 'PagePost');
    expect(new Set(seen.map(({ route }) => route))).toContain('POST /v25.0/10/video_reels');
    const strangers = seen.flatMap((request) => strangersIn(request, nodeOf));
    expect([...new Set(strangers)].filter((stranger) => exceptions[stranger] === undefined)).toEqual([]);
  });
});
