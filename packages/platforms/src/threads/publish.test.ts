import { afterAll, describe, expect, test } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testVideo } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { threads } from './index.ts';

const client = openTestClient('threads');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: '20000000000000001', handle: 'ada', service: null };
const makeRoute = `POST /v1.0/${account.externalId}/threads`;
const publishRoute = `POST /v1.0/${account.externalId}/threads_publish`;
const listRoute = `GET /v1.0/${account.externalId}/threads`;
const repliesRoute = `GET /v1.0/${account.externalId}/replies`;
const quotaRoute = `GET /v1.0/${account.externalId}/threads_publishing_limit`;
const withUrl = (item: MediaItem): MediaItem => ({ ...item, url: `https://files.example/${item.sha256}.jpg` });
const at = (minutes: number) => new Date(Date.UTC(2026, 10, 22, 10, minutes));
const root = { platformPostId: '180', url: null };

const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: MediaItem[] } = {},
  isReply = false,
) =>
  startPublication({
    adapter: threads,
    endpoints: testEndpoints({ api: origin, version: 'v1.0' }),
    client,
    account,
    accessToken: 'secret-token',
    ...(isReply ? { replyTo: { root, parent: root } } : {}),
    content: { text: 'Hello', options: {}, media: [], ...content },
  });
const formOf = (request: Pick<SeenRequest, 'body'> | undefined) =>
  Object.fromEntries(new URLSearchParams(request?.body ?? ''));
const error = (code: number, subcode?: number) => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});
const notFound = () => error(24, 4_279_009);
const quota =
  (used: number, replies = 0) =>
  () => ({
    json: {
      data: [
        {
          quota_usage: used,
          config: { quota_total: 250, quota_duration: 86_400 },
          reply_quota_usage: replies,
          reply_config: { quota_total: 1_000, quota_duration: 86_400 },
        },
      ],
    },
  });
const listed =
  (...posts: object[]) =>
  () => ({ json: { data: posts } });
const status =
  (value: string, more: object = {}) =>
  () => ({ json: { id: '171', status: value, ...more } });
const usual = {
  [makeRoute]: () => ({ json: { id: '171' } }),
  'GET /v1.0/171': status('FINISHED'),
  [quotaRoute]: quota(0),
  [listRoute]: listed(),
  [repliesRoute]: listed(),
  [publishRoute]: () => ({ json: { id: '181' } }),
  'GET /v1.0/181': () => ({ json: { id: '181', permalink: 'https://www.threads.net/@ada/post/x' } }),
};

test('a text with every option; the token stands in no address and no body', async () => {
  await using server = await startRoutes(usual);
  const options = { replyControl: 'mentioned_only', topicTag: '#tea', linkAttachment: 'https://example.com/a' };
  expect(await start(server.origin, { options }).publish()).toEqual({
    kind: 'published',
    platformPostId: '181',
    url: 'https://www.threads.net/@ada/post/x',
  });
  expect(formOf(server.seen[0])).toEqual({
    media_type: 'TEXT',
    text: 'Hello',
    reply_control: 'mentioned_only',
    topic_tag: 'tea',
    link_attachment: 'https://example.com/a',
  });
  for (const { headers, body, query } of server.seen) {
    expect(headers['authorization']).toBe('Bearer secret-token');
    expect(JSON.stringify([body, query])).not.toContain('secret-token');
  }
});

test('a carousel is its items’ containers, in order, and one around them', async () => {
  const ids = ['171', '172', '173'];
  await using server = await startRoutes({
    ...usual,
    [makeRoute]: () => ({ json: { id: ids.shift() } }),
    'GET /v1.0/172': status('FINISHED'),
    'GET /v1.0/173': status('FINISHED'),
  });
  await start(server.origin, { media: [withUrl(testPhoto('A view')), withUrl(testVideo(1_000, 'A film'))] }).publish();
  const made = server.seen.filter(({ route }) => route === makeRoute).map(formOf);
  expect(made).toEqual([
    { is_carousel_item: 'true', media_type: 'IMAGE', alt_text: 'A view', image_url: expect.anything() },
    { is_carousel_item: 'true', media_type: 'VIDEO', alt_text: 'A film', video_url: expect.anything() },
    { media_type: 'CAROUSEL', text: 'Hello', children: '171,172' },
  ]);
  expect(formOf(server.seen.find(({ route }) => route === publishRoute))).toEqual({ creation_id: '173' });
});

test('an answer names its parent, counts as an answer, and is looked up among the answers', async () => {
  await using server = await startRoutes({ ...usual, [quotaRoute]: quota(250, 3) });
  const reply = start(server.origin, {}, true);
  expect(await reply.publish()).toMatchObject({ kind: 'published' });
  expect(formOf(server.seen[0])).toMatchObject({ reply_to_id: '180' });
  expect(server.seen.map(({ route }) => route)).not.toContain(listRoute);
  expect(reply.intents.get('publish')?.key).toEqual({ edge: 'replies', newest: null });
});

test('the limit that the platform tells is waited for before anything is sent', async () => {
  await using server = await startRoutes({ ...usual, [quotaRoute]: quota(250) });
  await expect(start(server.origin).publish()).rejects.toMatchObject({
    kind: 'quota',
    platformCode: 'threads_publishing_limit',
  });
  expect(server.seen.map(({ route }) => route)).not.toContain(publishRoute);
});

describe('a container', () => {
  test('in progress is waited for, and made once', async () => {
    let state = 'IN_PROGRESS';
    await using server = await startRoutes({ ...usual, 'GET /v1.0/171': () => status(state)() });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'media_processing' });
    state = 'FINISHED';
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    expect(server.seen.filter(({ route }) => route === makeRoute)).toHaveLength(1);
  });

  test('near its end is made anew; one that is new and not found yet is waited for', async () => {
    const ids = ['171', '172'];
    await using server = await startRoutes({
      ...usual,
      [makeRoute]: () => ({ json: { id: ids.shift() } }),
      'GET /v1.0/171': () => notFound(),
      'GET /v1.0/172': status('FINISHED'),
    });
    const publication = start(server.origin);
    await expect(publication.publish({ now: at(0) })).rejects.toMatchObject({ kind: 'media_processing' });
    await publication.publish({ now: new Date(at(0).getTime() + 23.6 * 3_600_000) });
    expect(formOf(server.seen.find(({ route }) => route === publishRoute))).toEqual({ creation_id: '172' });
  });

  test.each([
    ['FAILED_DOWNLOADING_VIDEO', 'unavailable', 3],
    ['FAILED_PROCESSING_VIDEO', 'content', 1],
  ])('that says %s is made anew where that may help', async (fault, kind, times) => {
    await using server = await startRoutes({ ...usual, 'GET /v1.0/171': status('ERROR', { error_message: fault }) });
    const media = [withUrl(testVideo(1_000))];
    await expect(start(server.origin, { media }).publish()).rejects.toMatchObject({ kind });
    expect(server.seen.filter(({ route }) => route === makeRoute)).toHaveLength(times);
  });
});

describe('a refusal as not found, when it is published', () => {
  test('means too early where the container is ready: it is sent again', async () => {
    await using server = await startRoutes({ ...usual, [publishRoute]: () => notFound() });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind: 'media_processing' });
  });

  test.each([
    ['is published', status('PUBLISHED')],
    ['is gone', () => error(100)],
  ])('is looked into where the container %s: the post is found, and none is made anew', async (_what, then) => {
    let isSent = false;
    await using server = await startRoutes({
      ...usual,
      'GET /v1.0/171': () => (isSent ? then() : status('FINISHED')()),
      [listRoute]: () => listed(...(isSent ? [{ id: '182', text: 'Hello' }] : []), { id: '170', text: 'Before' })(),
      [publishRoute]: () => {
        isSent = true;
        return notFound();
      },
    });
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: '182' });
    expect(server.seen.filter(({ route }) => route === makeRoute)).toHaveLength(1);
  });
});

describe('in doubt', () => {
  async function inDoubt(then: () => { status?: number; json: unknown }, posts: object[]) {
    let isSent = false;
    await using server = await startRoutes({
      ...usual,
      'GET /v1.0/171': () => (isSent ? then() : status('FINISHED')()),
      [listRoute]: () => listed(...(isSent ? posts : []), { id: '170', text: 'Hello' })(),
      [publishRoute]: () => {
        isSent = true;
        return { status: 500, json: { error: { message: 'm', code: 2 } } };
      },
    });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    const intent = publication.intents.get('publish');
    if (intent === undefined) throw new Error('nothing was sent');
    const fast = new Date(Date.now() + 400_000);
    return {
      now: await publication.reconcile(),
      byOurFastClock: await publication.reconcile({ intent: { ...intent, startedAt: fast }, askedAt: fast }),
      later: await publication.reconcile({ askedAt: new Date(Date.now() + 3_600_000) }),
    };
  }

  test('a container that was not published is told as such', async () => {
    expect((await inDoubt(status('FINISHED'), [])).now).toMatchObject({ kind: 'not_seen' });
  });

  test('a published one is found above the newest post of before', async () => {
    const posts = [
      { id: '183', text: 'Hello' },
      { id: '182', text: 'Hello' },
    ];
    expect((await inDoubt(status('PUBLISHED'), posts)).now).toMatchObject({ kind: 'found', platformPostId: '182' });
  });

  const gone = () => error(100);
  const now = () => new Date().toISOString();

  test('a post whose container is gone is found, whatever our clock says', async () => {
    const asked = await inDoubt(gone, [{ id: '182', text: 'Hello', timestamp: now() }]);
    expect(asked.now).toMatchObject({ kind: 'found', platformPostId: '182' });
    expect(asked.byOurFastClock).toMatchObject({ kind: 'found', platformPostId: '182' });
  });

  test('where its container is gone, a new post of other words is a doubt', async () => {
    const asked = await inDoubt(gone, [{ id: '182', text: 'By hand', timestamp: now() }]);
    expect(asked.now).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('182') });
  });

  test('one that is published and not listed is waited for, then taken as out', async () => {
    const asked = await inDoubt(status('PUBLISHED'), []);
    expect(asked.now).toMatchObject({ kind: 'inconclusive' });
    expect(asked.later).toMatchObject({ kind: 'found', platformPostId: '171' });
  });

  test('a post of before that was deleted meanwhile, which Threads tells like a container, holds up no look-up', async () => {
    let isSent = false;
    await using server = await startRoutes({
      ...usual,
      'GET /v1.0/171': () => (isSent ? gone() : status('FINISHED')()),
      'GET /v1.0/160': () => notFound(),
      [publishRoute]: () => {
        isSent = true;
        return { status: 500, json: {} };
      },
    });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile({ knownSince: ['160'] })).toMatchObject({ kind: 'not_seen' });
  });
});
