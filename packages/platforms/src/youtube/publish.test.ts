import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../test-endpoints.ts';
import { testPhoto, testVideo, type TestMedia } from '../test-media.ts';
import {
  commentsOnly,
  openTestClient,
  PublisherStoppedError,
  type SeenRequest,
  startPublication,
  startRoutes,
} from '../test-platform.ts';
import { youtube } from './index.ts';
import { isShort } from './publish.ts';

const client = openTestClient('youtube');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: 'UC1', handle: 'bakery', service: null };
const insert = 'POST /upload/youtube/v3/videos';
const session = 'PUT /session';
const read = 'GET /youtube/v3/videos';
const update = 'PUT /youtube/v3/videos';
const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: TestMedia[] } = {},
) =>
  startPublication({
    adapter: youtube,
    endpoints: testEndpoints({ api: origin, hosts: { token: origin } }),
    client,
    account,
    accessToken: 'channel-token',
    content: { text: 'How we bake\n\nSlowly.', options: {}, media: [testVideo(1_000)], ...content },
  });
const jsonOf = ({ body }: Pick<SeenRequest, 'body'>) => JSON.parse(body) as Record<string, Record<string, unknown>>;
const begun = (origin: string) => ({ [insert]: () => ({ json: {}, headers: { location: `${origin}/session` } }) });
const rangeOf = ({ headers }: SeenRequest) => String(headers['content-range']);
const resource = (privacyStatus: string, more: object = {}, tags: string[] = []) => ({
  id: 'v1',
  snippet: { channelId: 'UC1', title: 'How we bake', description: '', tags },
  status: { uploadStatus: 'processed', privacyStatus, ...more },
});
const shown = {
  [read]: () => ({ json: { items: [resource('private')] } }),
  [update]: ({ body }: SeenRequest) => ({ json: resource(String(jsonOf({ body })['status']?.['privacyStatus'])) }),
};
/** The origin is known only once the server listens. */
async function serve(routes: (origin: () => string) => Parameters<typeof startRoutes>[0]) {
  let origin = '';
  const server = await startRoutes(routes(() => origin));
  ({ origin } = server);
  return server;
}
const lazily = (origin: () => string) => ({
  [insert]: () => ({ json: {}, headers: { location: `${origin()}/session` } }),
});

test('a video is uploaded where nobody sees it, and shown by one request with all that it is', async () => {
  await using server = await serve((origin) => ({
    ...lazily(origin),
    ...shown,
    [session]: () => ({ json: { id: 'v1' } }),
    'POST /upload/youtube/v3/thumbnails/set': () => ({ json: {} }),
    'GET /youtube/v3/playlistItems': () => ({ json: { items: [] } }),
    'POST /youtube/v3/playlistItems': () => ({ json: {} }),
  }));
  const options = {
    tags: ['bread', 'sour dough'],
    category: 'howto',
    privacy: 'unlisted',
    madeForKids: true,
    syntheticMedia: true,
    embeddable: false,
    license: 'creativeCommon',
    publicStats: false,
    language: 'en',
    notifySubscribers: false,
    playlistId: 'PL1',
  };
  const media = [testVideo(1_000), testPhoto()];
  expect(await start(server.origin, { options, media }).publish()).toEqual({
    kind: 'published',
    platformPostId: 'v1',
    url: 'https://www.youtube.com/watch?v=v1',
  });
  expect(server.seen.map(({ route }) => route)).toEqual([
    insert,
    session,
    read,
    'POST /upload/youtube/v3/thumbnails/set',
    'GET /youtube/v3/playlistItems',
    'POST /youtube/v3/playlistItems',
    update,
  ]);
  const [first = { body: '', headers: {}, query: {} }] = server.seen;
  const status = {
    privacyStatus: 'unlisted',
    selfDeclaredMadeForKids: true,
    containsSyntheticMedia: true,
    embeddable: false,
    license: 'creativeCommon',
    publicStatsViewable: false,
  };
  const snippet = {
    title: 'How we bake',
    description: 'How we bake\n\nSlowly.',
    tags: ['bread', 'sour dough'],
    categoryId: '26',
    defaultLanguage: 'en',
  };
  expect(first.query).toMatchObject({ uploadType: 'resumable', part: 'snippet,status', notifySubscribers: 'false' });
  expect(first.headers).toMatchObject({ 'x-upload-content-length': '1000', 'x-upload-content-type': 'video/mp4' });
  const mark = [expect.stringMatching(/^upload-[0-9a-f]{32}$/u)];
  expect(jsonOf(first)).toEqual({
    snippet: { ...snippet, tags: mark },
    status: { ...status, privacyStatus: 'private' },
  });
  expect(jsonOf(server.seen.at(-1) ?? first)).toEqual({ id: 'v1', snippet, status });
  for (const { headers, query } of server.seen) {
    expect(headers['authorization']).toBe('Bearer channel-token');
    expect(JSON.stringify(query)).not.toContain('channel-token');
  }
});

describe('after a crash', () => {
  test('the session is asked what it has, and only the rest is sent', async () => {
    let kept = 0;
    await using server = await serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: (request) => {
        const [, last] = /^bytes \d+-(\d+)\//u.exec(rangeOf(request)) ?? [];
        // Of the second piece only a part has come before the answer was lost.
        if (last !== undefined) kept = kept === 0 ? 8_388_608 : Number(last) + 1;
        if (kept === 20_000_000) return { json: { id: 'v1' } };
        return { status: 308, json: {}, headers: { range: `bytes=0-${kept - 1}` } };
      },
    }));
    const item = testVideo(20_000_000);
    const publication = start(server.origin, { media: [item] });
    // The session, and one piece.
    await expect(publication.publish({ stepsMax: 2 })).rejects.toBeInstanceOf(PublisherStoppedError);
    expect(JSON.stringify(publication.results)).toContain(`${server.origin}/session`);
    kept = 10_000_000;
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    const ranges = server.seen.filter(({ route }) => route === session).map(rangeOf);
    expect(ranges).toEqual([
      'bytes 0-8388607/20000000',
      'bytes */20000000',
      'bytes 10000000-18388607/20000000',
      'bytes 18388608-19999999/20000000',
    ]);
    expect(server.seen.filter(({ route }) => route === insert)).toHaveLength(1);
  });

  test('a session that has its end already sends nothing', async () => {
    let isDone = false;
    await using server = await serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: () => {
        const answer = isDone ? { json: { id: 'v1' } } : { status: 503, json: {} };
        isDone = true;
        return answer;
      },
    }));
    const item = testVideo(1_000);
    const publication = start(server.origin, { media: [item] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    expect(item.reads.bytes).toBe(1_000);
    expect(server.seen.slice(-3).map(rangeOf)[0]).toBe('bytes */1000');
  });

  test.each([
    ['whose video is there is found by its mark among the newest uploads', true],
    ['of which nothing came is begun anew', false],
  ])('a session that is gone, %s', async (_what, isThere) => {
    let mark = '';
    let sessions = 0;
    const uploads = { contentDetails: { relatedPlaylists: { uploads: 'UU1' } } };
    await using server = await serve((origin) => ({
      [insert]: (request) => {
        sessions += 1;
        mark = String(jsonOf(request)['snippet']?.['tags']);
        return { json: {}, headers: { location: `${origin()}/session` } };
      },
      ...shown,
      [session]: () =>
        sessions > 1
          ? { json: { id: 'v1' } }
          : { status: 404, json: { error: { code: 404, errors: [{ reason: 'notFound' }] } } },
      'GET /youtube/v3/channels': () => ({ json: { items: [uploads] } }),
      'GET /youtube/v3/playlistItems': () => ({ json: { items: [{ contentDetails: { videoId: 'v1' } }] } }),
      [read]: () => ({ json: { items: [resource('private', {}, isThere ? [mark] : ['another'])] } }),
    }));
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: 'v1' });
    expect(sessions).toBe(isThere ? 1 : 2);
  });
});

describe('before anybody has seen it', () => {
  const gone = (json: object) =>
    serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: () => ({ json: { id: 'v1' } }),
      [read]: () => ({ json: { items: [json] } }),
    }));

  test.each([
    [{ uploadStatus: 'rejected', rejectionReason: 'copyright' }, 'policy', 'copyright'],
    [{ uploadStatus: 'failed', failureReason: 'codec' }, 'content', 'codec'],
  ])('a video that YouTube refuses has failed, with the reason: %j', async (status, kind, platformCode) => {
    await using server = await gone(resource('private', status));
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind, platformCode });
    expect(server.seen.map(({ route }) => route)).not.toContain(update);
  });

  test('one that is worked on is asked about again, and after a quarter of an hour shown all the same', async () => {
    await using server = await gone(resource('private', { uploadStatus: 'uploaded' }));
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'media_processing', retryAfterMs: 3_000 });
    const now = new Date(Date.now() + 16 * 60_000);
    expect(await publication.publish({ now })).toMatchObject({ kind: 'processing' });
    expect(server.seen.filter(({ route }) => route === update)).toHaveLength(1);
  });

  test('one that came to another channel of the grant is not shown there', async () => {
    await using server = await gone({ ...resource('private'), snippet: { channelId: 'UC2' } });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ platformCode: 'channel_mismatch' });
    expect(server.seen.map(({ route }) => route)).not.toContain(update);
  });

  test('the token goes to no other host than the API’s', async () => {
    await using other = await startRoutes({});
    await using server = await startRoutes(begun(other.origin));
    await expect(start(server.origin).publish()).rejects.toMatchObject({ platformCode: 'upload_address' });
    expect(other.seen).toEqual([]);
  });
});

test('an application that nobody has audited is told so', async () => {
  await using server = await serve((origin) => ({
    ...lazily(origin),
    ...shown,
    [session]: () => ({ json: { id: 'v1' } }),
    [update]: () => ({ json: resource('private') }),
  }));
  await expect(start(server.origin).publish()).rejects.toMatchObject({
    kind: 'permission',
    platformCode: 'locked_private',
    message: expect.stringContaining('audited'),
  });
});

test('in doubt, a video that was to stay private is told from one that was not sent by its mark', async () => {
  let tags: string[] = [];
  await using server = await serve((origin) => ({
    [insert]: (request) => {
      tags = jsonOf(request)['snippet']?.['tags'] as string[];
      return { json: {}, headers: { location: `${origin()}/session` } };
    },
    [session]: () => ({ json: { id: 'v1' } }),
    [read]: () => ({ json: { items: [resource('private', {}, tags)] } }),
    [update]: () => ({ status: 500, json: {} }),
  }));
  const publication = start(server.origin, { options: { privacy: 'private' } });
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
  tags = [];
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: 'v1' });
});

test('a video stands in its playlist once, however often it is asked for', async () => {
  let items: object[] = [];
  await using server = await serve((origin) => ({
    ...lazily(origin),
    ...shown,
    [session]: () => ({ json: { id: 'v1' } }),
    'GET /youtube/v3/playlistItems': () => ({ json: { items } }),
    'POST /youtube/v3/playlistItems': () => {
      items = [{}];
      return { status: 500, json: {} };
    },
  }));
  const publication = start(server.origin, { options: { playlistId: 'PL1' } });
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await publication.publish()).toMatchObject({ kind: 'published' });
  expect(server.seen.filter(({ route }) => route === 'POST /youtube/v3/playlistItems')).toHaveLength(1);
});

test('editing changes the description, and leaves title, tags and category', async () => {
  const snippet = { title: 'Old', description: 'Old words', tags: ['a'], categoryId: '10', channelId: 'UC1' };
  await using server = await startRoutes({
    [read]: () => ({ json: { items: [{ id: 'v1', snippet }] } }),
    [update]: () => ({ json: {} }),
  });
  await youtube.edit?.({
    endpoints: testEndpoints({ api: server.origin }),
    http: client.http(),
    account,
    accessToken: 't',
    scopes: [],
    details: {},
    post: { platformPostId: 'v1', url: null },
    content: { text: 'New words', options: {} },
  });
  expect(jsonOf(server.seen.at(-1) ?? { body: '{}' })).toEqual({
    id: 'v1',
    snippet: { title: 'Old', description: 'New words', tags: ['a'], categoryId: '10' },
  });
});

test.each([
  [1_080, 1_920, 60_000, true],
  [1_080, 1_080, 180_000, true],
  [1_080, 1_920, 180_001, false],
  [1_920, 1_080, 10_000, false],
] as const)('%i x %i of %i ms is a Short: %s', (width, height, durationMs, is) => {
  expect(isShort({ width, height, durationMs })).toBe(is);
});

test('a comment in doubt is looked for to the end of the list, by its words and its author', async () => {
  const thread = (id: string, author: string) => ({
    id,
    snippet: { topLevelComment: { snippet: { textOriginal: 'First!', authorChannelId: { value: author } } } },
  });
  await using server = await startRoutes({
    'POST /youtube/v3/commentThreads': () => ({ status: 500, json: {} }),
    'GET /youtube/v3/commentThreads': ({ query }) => ({
      json:
        query['pageToken'] === undefined
          ? { items: [thread('c9', 'UC9')], nextPageToken: 'P2' }
          : { items: [thread('c1', 'UC1')] },
    }),
  });
  const { comments } = youtube;
  if (comments === undefined) throw new Error('no comments');
  const root = { platformPostId: 'v1', url: null };
  const comment = startPublication({
    adapter: commentsOnly(youtube, comments),
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account,
    accessToken: 't',
    replyTo: { root, parent: root },
    content: { text: 'First!', options: {}, media: [] },
  });
  await expect(comment.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  expect(await comment.reconcile()).toMatchObject({ kind: 'found', platformPostId: 'c1' });
});
