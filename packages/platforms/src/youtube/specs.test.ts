import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testVideo } from '../testing/test-media.ts';
import {
  commentsOnly,
  openTestClient,
  type SeenRequest,
  startPublication,
  startRoutes,
} from '../testing/test-platform.ts';
import { youtube } from './index.ts';

/** The folder with the platforms' own descriptions: PLATFORM_SPECS_DIR, or `shared/specs` beside the repository. */
const directory = process.env['PLATFORM_SPECS_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/specs');
const file = join(directory, 'google/youtube.json');
const missing = `Requests to YouTube were not checked: ${file} is missing; set PLATFORM_SPECS_DIR.`;

/** Newer than the description, or of the host for bytes, with where they are documented. */
const known = new Set([
  // https://developers.google.com/youtube/v3/revision_history, 2024-10-30
  'Video.status.containsSyntheticMedia',
  // https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
  'POST /youtube/v3/videos ?uploadType',
]);

const Operation = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string().optional() })).default([]),
  requestBody: z
    .looseObject({
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({ $ref: z.string().optional() }) })),
    })
    .optional(),
});
const Schema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ $ref: z.string().optional() })).default({}),
});
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ schemas: z.record(z.string(), Schema) }),
});

const client = openTestClient('youtube');
afterAll(() => client[Symbol.asyncDispose]());

/** Every request of a video with everything, and of a comment below it. */
async function requests(): Promise<SeenRequest[]> {
  let origin = '';
  const item = {
    id: 'v1',
    contentDetails: { videoId: 'v1' },
    status: { uploadStatus: 'processed', privacyStatus: 'public' },
  };
  const answer = () => ({ json: { ...item, items: [item] }, headers: { location: `${origin}/session` } });
  await using server = await startRoutes({
    ...Object.fromEntries(
      [
        'POST /upload/youtube/v3/videos',
        'POST /upload/youtube/v3/thumbnails/set',
        'POST /youtube/v3/playlistItems',
        'POST /youtube/v3/commentThreads',
        'GET /youtube/v3/videos',
        'GET /youtube/v3/commentThreads',
        'PUT /youtube/v3/videos',
        'PUT /session',
        'GET /youtube/v3/channels',
        'DELETE /youtube/v3/videos',
      ].map((route) => [route, answer]),
    ),
    'GET /youtube/v3/playlistItems': () => ({ json: { items: [] } }),
  });
  ({ origin } = server);
  const account = { externalId: 'UC1', handle: 'h', service: null };
  const place = { endpoints: testEndpoints({ api: origin }), client, account, accessToken: 't' };
  const options = { tags: ['a'], language: 'en', notifySubscribers: false, playlistId: 'PL1', privacy: 'public' };
  const media = [testVideo(1_000), testPhoto()];
  await startPublication({ ...place, adapter: youtube, content: { text: 'Hello', options, media } }).publish();
  const { comments } = youtube;
  if (comments === undefined) throw new Error('no comments');
  const root = { platformPostId: 'v1', url: null };
  const replyTo = { root, parent: root };
  const comment = startPublication({
    ...place,
    adapter: commentsOnly(youtube, comments),
    replyTo,
    content: { text: 'First', options: {}, media: [] },
  });
  await comment.publish();
  await comment.reconcile();
  const call = { ...place, http: client.http(), scopes: [], details: {} };
  await youtube.remove?.({ ...call, post: root });
  return server.seen.filter(({ route }) => route.includes('/youtube/v3/'));
}

describe('requests to YouTube, against Google’s own description', () => {
  beforeEach((context) => context.skip(!existsSync(file), missing));
  afterAll(() => (existsSync(file) ? undefined : process.stderr.write(`${missing}\n`)));

  test('name no parameter and no property that is not there', async () => {
    const { paths, components } = Document.parse(JSON.parse(readFileSync(file, 'utf8')));
    const seen = await requests();
    expect(new Set(seen.map(({ route }) => route)).size).toBeGreaterThan(8);
    const strangers = seen.flatMap(({ route, query, body }) => {
      const [method = '', path = ''] = route.replace(' /upload', ' ').split(' ');
      const described = paths[path]?.[method.toLowerCase()];
      if (described === undefined) return [`${method} ${path}`];
      const operation = Operation.parse(described);
      const names = operation.parameters.map(({ name }) => name);
      const unknown = Object.keys(query)
        .filter((name) => !names.includes(name))
        .map((name) => `${method} ${path} ?${name}`);
      const ref = Object.values(operation.requestBody?.content ?? {})[0]
        ?.schema.$ref?.split('/')
        .at(-1);
      const isJson = body.startsWith('{');
      return [
        ...unknown,
        ...(ref === undefined || !isJson ? [] : propertiesIn(components.schemas, ref, JSON.parse(body))),
      ];
    });
    expect([...new Set(strangers)].filter((stranger) => !known.has(stranger))).toEqual([]);
  });
});

function propertiesIn(
  schemas: Record<string, z.infer<typeof Schema>>,
  name: string,
  value: unknown,
  at = name,
): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const property = schemas[name]?.properties[key];
    if (property === undefined) return [`${at}.${key}`];
    const ref = property.$ref?.split('/').at(-1);
    return ref === undefined ? [] : propertiesIn(schemas, ref, inner, `${at}.${key}`);
  });
}
