import { afterAll, describe, expect, test } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture, testVideo } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { linkedin } from './index.ts';

const client = openTestClient('linkedin');
afterAll(() => client[Symbol.asyncDispose]());

const person = { externalId: 'urn:li:person:ada', handle: 'Ada', service: null };
const organization = { externalId: 'urn:li:organization:17', handle: 'acme', service: null };
const postUrn = 'urn:li:share:7000000000000000001';
const created = { status: 201, json: '', headers: { 'x-restli-id': postUrn } };

const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: readonly MediaItem[] } = {},
  account = person,
) =>
  startPublication({
    adapter: linkedin,
    endpoints: testEndpoints({ api: origin, authorize: origin, hosts: { upload: origin }, version: '202608' }),
    client,
    account,
    accessToken: 'secret-token',
    content: {
      text: 'Hello',
      options: {},
      media: [],
      ...content,
      ...(content.media ? { media: [...content.media] } : {}),
    },
  });
const bodyOf = (request: Pick<SeenRequest, 'body'> | undefined): unknown => JSON.parse(request?.body ?? 'null');
const error = (status: number, code: string) => ({ status, json: { status, code, message: code } });
const listing = 'GET /rest/posts';
const listed =
  (...elements: object[]) =>
  ({ query }: SeenRequest) => ({ json: { elements: query['start'] === '0' ? elements : [] } });

/** Gives out a picture for each request. */
function pictures(origin: () => string, status: () => object = () => ({ json: { status: 'AVAILABLE' } })) {
  let made = 0;
  return {
    'POST /rest/images': () => {
      made += 1;
      return {
        json: { value: { image: `urn:li:image:I${made}`, uploadUrl: `${origin()}/up/${made}`, uploadUrlExpiresAt: 1 } },
      };
    },
    'PUT /up/1': () => ({ status: 201, json: '' }),
    'PUT /up/2': () => ({ status: 201, json: '' }),
    'GET /rest/images/urn%3Ali%3Aimage%3AI1': status as never,
    'GET /rest/images/urn%3Ali%3Aimage%3AI2': status as never,
  };
}

test('a text names its version, its author and who sees it; the token stands in no address and no body', async () => {
  await using server = await startRoutes({ 'POST /rest/posts': () => created });
  const options = { visibility: 'logged_in', resharing: 'off' };
  expect(await start(server.origin, { text: 'Sale (today) #news', options }, organization).publish()).toEqual({
    kind: 'published',
    platformPostId: postUrn,
    url: `https://www.linkedin.com/feed/update/${postUrn}`,
  });
  const [request] = server.seen;
  expect(request?.headers).toMatchObject({
    authorization: 'Bearer secret-token',
    'linkedin-version': '202608',
    'x-restli-protocol-version': '2.0.0',
  });
  expect(bodyOf(request)).toEqual({
    author: organization.externalId,
    commentary: 'Sale \\(today\\) {hashtag|\\#|news}',
    visibility: 'LOGGED_IN',
    distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
    lifecycleState: 'PUBLISHED',
    isReshareDisabledByAuthor: true,
  });
  expect(JSON.stringify([request?.body, request?.query])).not.toContain('secret-token');
});

describe('what a post shows', () => {
  async function contentFor(content: Parameters<typeof start>[1]): Promise<unknown> {
    let origin = '';
    await using server = await startRoutes({ ...pictures(() => origin), 'POST /rest/posts': () => created });
    origin = server.origin;
    await start(origin, content).publish();
    return (bodyOf(server.seen.at(-1)) as { content?: unknown }).content;
  }

  test('one picture, and several in their order, with what they show', async () => {
    expect(await contentFor({ media: [testPicture('A view')] })).toEqual({
      media: { id: 'urn:li:image:I1', altText: 'A view' },
    });
    expect(await contentFor({ media: [testPicture('A'), testPicture()] })).toEqual({
      multiImage: { images: [{ id: 'urn:li:image:I1', altText: 'A' }, { id: 'urn:li:image:I2' }] },
    });
  });

  test('a link with its card: the title is given or the host, the picture beside it is the card’s', async () => {
    const card = { url: 'https://example.com/a?b=1' };
    expect(await contentFor({ options: { card } })).toEqual({ article: { source: card.url, title: 'example.com' } });
    const full = { ...card, title: 'T', description: 'D' };
    expect(await contentFor({ options: { card: full }, media: [testPicture('P')] })).toEqual({
      article: { source: card.url, title: 'T', description: 'D', thumbnail: 'urn:li:image:I1', thumbnailAltText: 'P' },
    });
    expect(await contentFor({ options: { card: 'none' } })).toBeUndefined();
  });
});

describe('uploads', () => {
  test('a picture is waited for while LinkedIn works on it', async () => {
    let origin = '';
    let status = 'PROCESSING';
    const routes = pictures(
      () => origin,
      () => ({ json: { status } }),
    );
    await using server = await startRoutes({ ...routes, 'POST /rest/posts': () => created });
    origin = server.origin;
    const publication = start(origin, { media: [testPicture()] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'media_processing' });
    status = 'AVAILABLE';
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    expect(server.seen.filter(({ route }) => route.startsWith('PUT'))).toHaveLength(1);
  });

  test('an application that may only write goes on without being told whether a picture is ready', async () => {
    let origin = '';
    const routes = pictures(
      () => origin,
      () => error(403, 'ACCESS_DENIED'),
    );
    await using server = await startRoutes({ ...routes, 'POST /rest/posts': () => created });
    origin = server.origin;
    expect(await start(origin, { media: [testPicture()] }).publish()).toMatchObject({ kind: 'published' });
  });

  test('an address that is not LinkedIn’s own gets neither the file nor the token', async () => {
    await using foreign = await startRoutes({ 'PUT /up/1': () => ({ json: '' }) });
    await using server = await startRoutes(pictures(() => foreign.origin));
    await expect(start(server.origin, { media: [testPicture()] }).publish()).rejects.toMatchObject({
      platformCode: 'upload_address',
    });
    expect(foreign.seen).toEqual([]);
  });

  test('a film goes in the parts that are asked for, without the token, and its receipts come back in order', async () => {
    let origin = '';
    const urn = 'urn:li:video:V1';
    const part = (at: number) => () => ({ json: '', headers: { etag: `e${at}` } });
    await using server = await startRoutes({
      'POST /rest/videos': ({ query }) =>
        query['action'] === 'finalizeUpload'
          ? { json: '' }
          : {
              json: {
                value: {
                  video: urn,
                  uploadToken: 'T',
                  uploadInstructions: [
                    { uploadUrl: `${origin}/part/1`, firstByte: 0, lastByte: 599 },
                    { uploadUrl: `${origin}/part/2`, firstByte: 600, lastByte: 999 },
                  ],
                },
              },
            },
      'PUT /part/1': part(1),
      'PUT /part/2': part(2),
      'GET /rest/videos/urn%3Ali%3Avideo%3AV1': () => ({ json: { status: 'AVAILABLE' } }),
      'POST /rest/posts': () => created,
    });
    origin = server.origin;
    await start(origin, { media: [testVideo(1_000)], options: { title: 'Film' } }).publish();
    const parts = server.seen.filter(({ route }) => route.startsWith('PUT'));
    expect(parts.map(({ headers }) => headers['content-length'])).toEqual(['600', '400']);
    for (const { headers } of parts) expect(headers).not.toHaveProperty('authorization');
    expect(server.seen.filter(({ route }) => route === 'POST /rest/videos').map(bodyOf)).toEqual([
      {
        initializeUploadRequest: {
          owner: person.externalId,
          fileSizeBytes: 1_000,
          uploadCaptions: false,
          uploadThumbnail: false,
        },
      },
      { finalizeUploadRequest: { video: urn, uploadToken: 'T', uploadedPartIds: ['e1', 'e2'] } },
    ]);
    expect(bodyOf(server.seen.at(-1))).toMatchObject({ content: { media: { id: urn, title: 'Film' } } });
  });
});

describe('in doubt', () => {
  const ours = { id: postUrn, commentary: 'Hello', createdAt: Date.now() };
  async function lookUp(
    routes: Parameters<typeof startRoutes>[0],
    query: { takenPostIds?: ReadonlySet<string>; knownSince?: readonly string[] } = {},
    text = 'Hello',
  ) {
    await using server = await startRoutes({ 'POST /rest/posts': () => ({ status: 503, json: {} }), ...routes });
    const publication = start(server.origin, { text });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    return await publication.reconcile(query);
  }

  test('a success that names the post by the older header is one', async () => {
    await using server = await startRoutes({
      'POST /rest/posts': () => ({ status: 201, json: '', headers: { 'x-linkedin-id': postUrn } }),
    });
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: postUrn });
  });

  test('a success that names no post is doubt', async () => {
    await using server = await startRoutes({ 'POST /rest/posts': () => ({ status: 201, json: '' }) });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  });

  test('the oldest post with the same words since the send is ours, in whatever form LinkedIn gives them', async () => {
    const before = { ...ours, id: 'urn:li:share:1', createdAt: Date.now() - 3_600_000 };
    const repeat = { ...ours, id: 'urn:li:share:3' };
    expect(await lookUp({ [listing]: listed(repeat, ours, before) })).toMatchObject({
      kind: 'found',
      platformPostId: postUrn,
    });
    const hashtag = { ...ours, commentary: 'Hi {hashtag|\\#|big\\_news} \\(2\\)' };
    expect(await lookUp({ [listing]: listed(hashtag) }, {}, 'Hi #big_news (2)')).toMatchObject({ kind: 'found' });
  });

  test('it is found behind short pages: the list ends where a page is empty', async () => {
    const others = (start: string) => ({
      ...ours,
      id: `urn:li:share:9${start}`,
      commentary: 'Something else entirely',
    });
    const pages = ({ query: { start: from = '' } }: SeenRequest) => ({
      json: { elements: { '0': [others(from)], '50': [others(from)], '100': [ours] }[from] ?? [] },
    });
    expect(await lookUp({ [listing]: pages })).toMatchObject({ kind: 'found', platformPostId: postUrn });
    const endless = ({ query: { start: from = '' } }: SeenRequest) => ({ json: { elements: [others(from)] } });
    expect(await lookUp({ [listing]: endless })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('one that has another owner, or other words, is not', async () => {
    const taken = { takenPostIds: new Set([postUrn]) };
    expect(await lookUp({ [listing]: listed(ours) }, taken)).toMatchObject({ kind: 'not_seen' });
    const other = { ...ours, commentary: 'Something else entirely' };
    expect(await lookUp({ [listing]: listed(other) })).toEqual({ kind: 'not_seen', evidence: expect.any(String) });
  });

  test('words that LinkedIn may have changed are a doubt', async () => {
    const changed = { ...ours, commentary: 'Our great sale begins today, do come …' };
    const finding = await lookUp({ [listing]: listed(changed) }, {}, 'Our great sale begins today, do come over');
    expect(finding).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining(postUrn) });
  });

  test('an application that may only write cannot tell', async () => {
    expect(await lookUp({ [listing]: () => error(403, 'ACCESS_DENIED') })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('a list that leaves out a post of ours which is there proves nothing', async () => {
    const query = { knownSince: ['urn:li:share:2'], takenPostIds: new Set(['urn:li:share:2']) };
    const routes = { [listing]: listed(), 'GET /rest/posts/urn%3Ali%3Ashare%3A2': () => ({ json: { id: 'x' } }) };
    expect(await lookUp(routes, query)).toMatchObject({ kind: 'inconclusive' });
    expect(await lookUp({ [listing]: listed() }, query)).toMatchObject({ kind: 'not_seen' });
  });
});
