import { afterAll, describe, expect, test } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testPicture, testVideo } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { pinterest } from './index.ts';

const client = openTestClient('pinterest');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: '500', handle: 'ada/food', service: null };
type Content = { text?: string; options?: Record<string, unknown>; media?: MediaItem[] };
const start = (origin: string, content: Content = {}) =>
  startPublication({
    adapter: pinterest,
    endpoints: testEndpoints({ api: origin, authorize: origin }),
    client,
    account,
    accessToken: 'secret-token',
    content: { text: 'Soup', options: {}, media: [testPicture()], ...content },
  });

const created = () => ({ status: 201, json: { id: '77' } });
const pins = (...items: object[]) => ({ json: { items, bookmark: null } });
const boards = () => ({
  json: {
    items: [
      { id: '500', name: 'Food' },
      { id: '501', name: 'Travel' },
    ],
    bookmark: null,
  },
});
const pinOf = (seen: readonly SeenRequest[]) => {
  const request = seen.find(({ route }) => route === 'POST /v5/pins');
  return JSON.parse(request?.body ?? 'null') as Record<string, unknown>;
};
const base64 = async (item: MediaItem) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of item.read()) pieces.push(piece);
  return Buffer.concat(pieces).toString('base64');
};

describe('a pin', () => {
  test('of a picture holds its bytes, text, title, link and alternative text; the token stands in no body', async () => {
    await using server = await startRoutes({
      'GET /v5/boards/500/pins': () => pins({ id: '70', created_at: '2026-11-22T09:00:00' }),
      'POST /v5/pins': created,
    });
    const picture = testPicture('A bowl', { width: 61, height: 47 });
    const options = { title: 'Pumpkin', link: 'https://example.com/soup', dominantColor: '#aabbcc' };
    const publication = start(server.origin, { text: 'Warm @file-0. soup', options, media: [picture] });
    expect(await publication.publish()).toEqual({
      kind: 'published',
      platformPostId: '77',
      url: 'https://www.pinterest.com/pin/77/',
    });
    expect(pinOf(server.seen)).toEqual({
      board_id: '500',
      title: 'Pumpkin',
      description: 'Warm @file-0. soup',
      link: 'https://example.com/soup',
      alt_text: 'A bowl',
      dominant_color: '#aabbcc',
      media_source: { source_type: 'image_base64', content_type: 'image/png', data: await base64(picture) },
    });
    const sent = server.seen.find(({ route }) => route === 'POST /v5/pins');
    expect(sent?.headers).toMatchObject({
      authorization: 'Bearer secret-token',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(sent?.body ?? '')),
    });
    expect(publication.intents.get('publish')?.key).toEqual({ newest: { id: '70', at: '2026-11-22T09:00:00' } });
  });

  test('of several pictures is a carousel in their order, with the first alternative text', async () => {
    await using server = await startRoutes({ 'POST /v5/pins': created });
    const media = [testPhoto(), testPicture('Second'), testPicture('Third')];
    await start(server.origin, { media }).publish();
    expect(pinOf(server.seen)).toMatchObject({
      alt_text: 'Second',
      media_source: {
        source_type: 'multiple_image_base64',
        items: await Promise.all(
          media.map(async (item) => ({ content_type: item.mimeType, data: await base64(item) })),
        ),
      },
    });
  });

  test.each([
    ['by its name', { board: 'travel', section: ' Norway ' }, { board_id: '501', board_section_id: '9' }],
    ['by its id', { board: '501', section: '9' }, { board_id: '501', board_section_id: '9' }],
    ['of the board that was connected', { section: 'Soups' }, { board_id: '500', board_section_id: '8' }],
    ['named though it is its own', { board: '500' }, { board_id: '500' }],
  ])('goes to another board and section, %s', async (_how, options, expected) => {
    await using server = await startRoutes({
      'GET /v5/boards': boards,
      'GET /v5/boards/501/sections': () => pins({ id: '9', name: 'Norway' }),
      'GET /v5/boards/500/sections': () => pins({ id: '8', name: 'Soups' }),
      'POST /v5/pins': created,
    });
    await start(server.origin, { options }).publish();
    expect(pinOf(server.seen)).toMatchObject(expected);
  });

  test.each([
    ['board', { board: 'Nowhere' }],
    ['section', { section: 'Nowhere' }],
  ])('to a %s that is not there is refused, and nothing is sent', async (what, options) => {
    await using server = await startRoutes({ 'GET /v5/boards': boards, 'GET /v5/boards/500/sections': () => pins() });
    await expect(start(server.origin, { options }).publish()).rejects.toMatchObject({
      kind: 'content',
      platformCode: `${what}_unknown`,
      message: expect.stringContaining('Nowhere'),
    });
    expect(server.seen.map(({ route }) => route)).not.toContain('POST /v5/pins');
  });
});

describe('a video', () => {
  const routes = (origin: () => string, status: () => string = () => 'succeeded') => ({
    'POST /v5/media': () => ({
      status: 201,
      json: { media_id: '9', upload_url: `${origin()}/bucket/`, upload_parameters: { key: 'k', policy: 'p' } },
    }),
    'POST /bucket/': () => ({ status: 204, json: '' }),
    'GET /v5/media/9': () => ({ json: { media_id: '9', media_type: 'video', status: status() } }),
    'POST /v5/pins': created,
  });

  test.each<[string, Content, object]>([
    ['its first picture', {}, { cover_image_key_frame_time: 0 }],
    ['a moment', { options: { coverOffsetMs: 2_900 } }, { cover_image_key_frame_time: 2 }],
    ['an address', { options: { coverUrl: 'https://a.bc/c.jpg' } }, { cover_image_url: 'https://a.bc/c.jpg' }],
  ])('is uploaded with the fields of its address, without our token, and covered by %s', async (_what, more, cover) => {
    let origin = '';
    await using server = await startRoutes(routes(() => origin));
    ({ origin } = server);
    await start(server.origin, { media: [testVideo(5_000, 'A film')], ...more }).publish();
    const upload = server.seen.find(({ route }) => route === 'POST /bucket/');
    const names = [...(upload?.body ?? '').matchAll(/; name="([^"]+)"/gu)].map(([, name]) => name);
    expect(names).toEqual(['key', 'policy', 'file']);
    expect(upload?.headers).not.toHaveProperty('authorization');
    expect(pinOf(server.seen)).toMatchObject({
      alt_text: 'A film',
      media_source: { source_type: 'video_id', media_id: '9', ...cover },
    });
  });

  test('takes a picture beside it as its cover, whichever comes first', async () => {
    const cover = testPhoto();
    for (const media of [
      [testVideo(5_000), cover],
      [cover, testVideo(5_000)],
    ]) {
      let origin = '';
      await using server = await startRoutes(routes(() => origin));
      ({ origin } = server);
      await start(server.origin, { media, options: { coverUrl: 'https://a.bc/c.jpg' } }).publish();
      const { media_source: source } = pinOf(server.seen);
      expect(source).toEqual({
        source_type: 'video_id',
        media_id: '9',
        cover_image_content_type: 'image/jpeg',
        cover_image_data: await base64(cover),
      });
    }
  });

  test('that is being worked on is waited for; one that failed is refused', async () => {
    let [origin, status] = ['', 'processing'];
    await using server = await startRoutes(
      routes(
        () => origin,
        () => status,
      ),
    );
    ({ origin } = server);
    const publication = start(server.origin, { media: [testVideo(5_000)] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'media_processing', retryAfterMs: 5_000 });
    status = 'failed';
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'content', platformCode: 'media_failed' });
    expect(server.seen.filter(({ route }) => route === 'POST /bucket/')).toHaveLength(1);
  });

  test('whose address has grown old and takes nothing any more is registered anew', async () => {
    let origin = '';
    let registrations = 0;
    const { 'POST /v5/media': register, ...others } = routes(() => origin);
    await using server = await startRoutes({
      ...others,
      'POST /v5/media': () => {
        registrations += 1;
        return register();
      },
      'POST /bucket/': () => ({ status: registrations === 1 ? 403 : 204, json: '' }),
    });
    ({ origin } = server);
    const publication = start(server.origin, { media: [testVideo(5_000)] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable', platformCode: 'upload_403' });
    expect(await publication.publish({ now: new Date(Date.now() + 45 * 60_000) })).toMatchObject({ kind: 'published' });
    expect(registrations).toBe(2);
  });

  test('is sent to no address that is not encrypted', async () => {
    await using server = await startRoutes(routes(() => 'http://elsewhere.example'));
    await expect(start(server.origin, { media: [testVideo(5_000)] }).publish()).rejects.toMatchObject({
      kind: 'unavailable',
      platformCode: 'upload_address',
    });
  });
});

describe('a pin in doubt', () => {
  async function look(listed: object[], content: Content = {}, changes: object = {}, before: object[] = []) {
    let items = before;
    await using server = await startRoutes({
      'GET /v5/boards/500/pins': () => pins(...items),
      'GET /v5/pins/60': () => ({ json: { id: '60', board_id: '500' } }),
      'GET /v5/pins/61': () => ({ json: { id: '61', board_id: '999' } }),
      'POST /v5/pins': () => ({ status: 503, json: {} }),
    });
    const publication = start(server.origin, content);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    items = listed;
    return await publication.reconcile(changes);
  }
  const at = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/\.\d+Z$/u, '');
  const ours = (more: object = {}) => ({ id: '80', created_at: at(0), description: ' Soup ', title: null, ...more });

  test.each<[string, object[], Content, object]>([
    ['is found by its text', [ours()], {}, { kind: 'found', platformPostId: '80' }],
    ['is the oldest of several', [ours({ id: '81' }), ours()], {}, { platformPostId: '80' }],
    ['is not one with another title', [ours({ title: 'Other' })], {}, { kind: 'not_seen' }],
    ['is not one with another link', [ours({ link: 'https://b.example/' })], {}, { kind: 'not_seen' }],
    [
      'is found though its link lost a slash',
      [ours({ link: 'https://a.example' })],
      { options: { link: 'https://a.example/' } },
      { kind: 'found' },
    ],
    ['is not a video', [ours({ media: { media_type: 'video' } })], {}, { kind: 'not_seen' }],
    [
      'may be one that Pinterest changed',
      [ours({ description: 'Soup!' })],
      {},
      { kind: 'not_seen', doubt: expect.any(String) },
    ],
    ['is not one from before', [ours({ created_at: at(-300_000) })], {}, { kind: 'not_seen' }],
  ])('%s', async (_what, listed, content, expected) => {
    expect(await look(listed, content)).toMatchObject(expected);
  });

  test('is not the newest of before, nor what stands below it or belongs to others', async () => {
    const newest = ours({ id: '70' });
    expect(await look([newest, ours({ id: '69' })], {}, {}, [newest])).toMatchObject({ kind: 'not_seen' });
    expect(await look([ours()], {}, { takenPostIds: new Set(['80']) })).toMatchObject({ kind: 'not_seen' });
  });

  test('is not absent from a list that leaves out what is there, unless that is on another board', async () => {
    expect(await look([], {}, { knownSince: ['60'] })).toMatchObject({ kind: 'inconclusive' });
    expect(await look([], {}, { knownSince: ['61', '62'] })).toMatchObject({ kind: 'not_seen' });
  });
});
