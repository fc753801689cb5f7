import { expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testVideo } from '../testing/test-media.ts';
import { commentsOnly, startPublication, startRoutes } from '../testing/test-platform.ts';
import { youtube } from './index.ts';
import { isShort } from './publish.ts';
import {
  client,
  account,
  insert,
  session,
  read,
  update,
  start,
  jsonOf,
  resource,
  shown,
  serve,
  lazily,
} from './test-youtube.ts';

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
