import { describe, expect, test } from 'vitest';
import { PlatformError } from '../port/platform-error.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture } from '../testing/test-media.ts';
import { commentsOnly, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { facebook } from './index.ts';
import { client, account, post, start } from './test-facebook.ts';

const formOf = ({ body }: Pick<SeenRequest, 'body'>) => Object.fromEntries(new URLSearchParams(body));
const shown = {
  [`GET /v25.0/${post}`]: () => ({
    json: { id: post, is_published: true, permalink_url: 'https://www.facebook.com/x' },
  }),
};
const drafted = { 'POST /v25.0/10/feed': () => ({ json: { id: post } }) };
const refused = (code: number, subcode?: number) => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});

describe('a post of the feed', () => {
  test('is created unpublished and then shown; the token stands in no address and no body', async () => {
    await using server = await startRoutes({
      ...drafted,
      ...shown,
      [`POST /v25.0/${post}`]: () => ({ json: { success: true } }),
    });
    const options = { link: 'https://example.com/' };
    expect(await start(server.origin, { options }).publish()).toEqual({
      kind: 'published',
      platformPostId: post,
      url: 'https://www.facebook.com/x',
    });
    expect(server.seen.slice(0, 2).map((request) => [request.route, formOf(request)])).toEqual([
      ['POST /v25.0/10/feed', { message: 'Hello', link: 'https://example.com/', published: 'false' }],
      [`POST /v25.0/${post}`, { is_published: 'true' }],
    ]);
    for (const { headers, body, query } of server.seen) {
      expect(headers['authorization']).toBe('Bearer page-token');
      expect(JSON.stringify([body, query])).not.toContain('page-token');
    }
  });

  test('carries its photos by their ids, in order, with their descriptions', async () => {
    let photos = 0;
    await using server = await startRoutes({
      ...drafted,
      ...shown,
      'POST /v25.0/10/photos': () => ({ json: { id: String(100 + photos++) } }),
      [`POST /v25.0/${post}`]: () => ({ json: { success: true } }),
    });
    const media = [testPicture('First'), testPicture()];
    expect(
      await start(server.origin, { text: '', media, options: { link: 'https://example.com/' } }).publish(),
    ).toMatchObject({ kind: 'published' });
    expect(server.seen[0]?.body).toContain('name="alt_text_custom"\r\n\r\nFirst');
    expect(formOf(server.seen[2] ?? { body: '' })).toEqual({
      'attached_media[0]': '{"media_fbid":"100"}',
      'attached_media[1]': '{"media_fbid":"101"}',
      published: 'false',
    });
  });

  test('gets copies of photos that a draft without an answer holds', async () => {
    let photos = 0;
    const answers = [() => refused(2), () => refused(100, 1_366_051), () => ({ json: { id: post } })];
    await using server = await startRoutes({
      ...shown,
      'POST /v25.0/10/feed': () => answers.shift()?.() ?? refused(1),
      'POST /v25.0/10/photos': () => ({ json: { id: String(100 + photos++) } }),
      [`POST /v25.0/${post}`]: () => ({ json: { success: true } }),
    });
    const publication = start(server.origin, { media: [testPicture()] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await publication.publish()).toMatchObject({ kind: 'published', platformPostId: post });
    const drafts = server.seen.filter(({ route }) => route === 'POST /v25.0/10/feed');
    expect(drafts.map((draft) => formOf(draft)['attached_media[0]'])).toEqual(
      ['100', '100', '101'].map((id) => JSON.stringify({ media_fbid: id })),
    );
  });

  test('is drafted anew when its words have changed since, never with the old ones', async () => {
    await using server = await startRoutes({ ...drafted, [`POST /v25.0/${post}`]: () => refused(368) });
    const first = start(server.origin);
    await expect(first.publish()).rejects.toMatchObject({ kind: 'policy' });
    const edited = start(server.origin, { text: 'Edited' });
    Object.assign(edited.results, first.results);
    await expect(edited.publish()).rejects.toMatchObject({ kind: 'policy' });
    expect(
      server.seen.filter(({ route }) => route.endsWith('/feed')).map((request) => formOf(request)['message']),
    ).toEqual(['Hello', 'Edited']);
  });

  test.each([
    [100, undefined],
    [100, 33],
  ])('that the platform does not show so (%i/%s) is dropped and made in one step', async (code, subcode) => {
    const made = '10_88';
    await using server = await startRoutes({
      'POST /v25.0/10/feed': ({ body }) => ({ json: { id: body.includes('published=true') ? made : post } }),
      [`POST /v25.0/${post}`]: () => refused(code, subcode),
      [`DELETE /v25.0/${post}`]: () => ({ json: { success: true } }),
      [`GET /v25.0/${made}`]: () => ({ json: { id: made, is_published: true } }),
    });
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: made });
    expect(server.seen.map(({ route }) => route)).toEqual([
      'POST /v25.0/10/feed',
      `POST /v25.0/${post}`,
      `DELETE /v25.0/${post}`,
      'POST /v25.0/10/feed',
      `GET /v25.0/${made}`,
    ]);
  });

  const listed = (id: string, message: string) => ({
    id,
    message,
    created_time: `${new Date().toISOString().slice(0, 19)}+0000`,
  });
  /** Made in one step, as the platform does not show a draft so, and without an answer. */
  function madeInOneStep(published: object[], others: Parameters<typeof startRoutes>[0] = {}) {
    let posts = 0;
    return startRoutes({
      'POST /v25.0/10/feed': () => (posts++ === 0 ? { json: { id: post } } : { status: 500, json: {} }),
      [`POST /v25.0/${post}`]: () => refused(100),
      [`DELETE /v25.0/${post}`]: () => ({ json: { success: true } }),
      [`GET /v25.0/${post}`]: () => refused(100, 33),
      'GET /v25.0/10/published_posts': () => ({ json: { data: published } }),
      ...others,
    });
  }

  test('made in one step and in doubt, it is found by its words among what the page posted since', async () => {
    await using server = await madeInOneStep([
      listed('10_3', 'Other'),
      listed('10_2', 'Hello'),
      listed('10_1', 'Hello'),
    ]);
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile({ takenPostIds: new Set(['10_1']) })).toMatchObject({
      kind: 'found',
      platformPostId: '10_2',
    });
    expect(await publication.reconcile({ takenPostIds: new Set(['10_1', '10_2']) })).toMatchObject({
      kind: 'not_seen',
    });
  });

  test.each([-400_000, 90_000, 400_000])(
    'then it does not hang on our clock: %i ms ahead of Facebook’s',
    async (aheadMs) => {
      await using server = await madeInOneStep([listed('10_2', 'Hello')]);
      const publication = start(server.origin);
      await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
      const intent = publication.intents.get('publish');
      if (intent === undefined) throw new Error('nothing was sent');
      const ours = new Date(Date.now() + aheadMs);
      expect(await publication.reconcile({ intent: { ...intent, startedAt: ours }, askedAt: ours })).toMatchObject({
        kind: 'found',
        platformPostId: '10_2',
      });
    },
  );

  test('then words that Facebook may have changed are a doubt, and a list that leaves out what is there proves nothing', async () => {
    const others = { 'GET /v25.0/10_8': () => ({ json: { is_published: true } }) };
    await using server = await madeInOneStep([listed('10_2', 'Our great sale begins today …')], others);
    const publication = start(server.origin, { text: 'Our great sale begins today, do come over' });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('10_2') });
    expect(await publication.reconcile({ knownSince: ['10_8'] })).toMatchObject({ kind: 'inconclusive' });
  });

  test.each([{ success: false }, {}, { success: 'true' }])('an answer of %j to the send is doubt', async (json) => {
    await using server = await startRoutes({ ...drafted, [`POST /v25.0/${post}`]: () => ({ json }) });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  });

  test('a post that Facebook took and does not show is waited for, and given up after ten minutes', async () => {
    await using server = await startRoutes({
      ...drafted,
      [`POST /v25.0/${post}`]: () => ({ json: { success: true } }),
      [`GET /v25.0/${post}`]: () => ({ json: { id: post, is_published: false } }),
    });
    const publication = start(server.origin);
    const at = (minutes: number) => new Date(Date.UTC(2026, 10, 22, 10, minutes));
    expect(await publication.publish({ now: at(0) })).toMatchObject({ kind: 'processing' });
    expect(await publication.publish({ now: at(9) })).toMatchObject({ kind: 'processing' });
    expect(await publication.publish({ now: at(11) })).toMatchObject({
      kind: 'turned_down',
      error: { kind: 'policy' },
    });
  });
});

test('removing twice is told, and editing sends the words only', async () => {
  let isThere = true;
  await using server = await startRoutes({
    [`DELETE /v25.0/${post}`]: () => {
      const answer = isThere ? { json: { success: true } } : refused(100, 33);
      isThere = false;
      return answer;
    },
    [`POST /v25.0/${post}`]: () => ({ json: { success: true } }),
  });
  const call = {
    endpoints: testEndpoints({ api: server.origin }),
    http: client.http(),
    account,
    accessToken: 't',
    scopes: [],
    details: {},
    post: { platformPostId: post, url: null },
  };
  expect([await facebook.remove?.(call), await facebook.remove?.(call)]).toEqual(['removed', 'already_gone']);
  await facebook.edit?.({ ...call, content: { text: 'New words', options: {} } });
  expect(formOf(server.seen.at(-1) ?? { body: '' })).toEqual({ message: 'New words' });
});

test('a comment in doubt is found by its words and its author, not by somebody else’s, behind a hundred others', async () => {
  const comments = [
    { id: '3', message: 'First!', from: { id: '99' } },
    { id: '2', message: 'First!', from: { id: '10' } },
  ];
  const others = Array.from({ length: 100 }, (_, index) => ({
    id: `9${index}`,
    message: 'First!',
    from: { id: '99' },
  }));
  const paging = { cursors: { after: 'more' }, next: 'https://more' };
  await using server = await startRoutes({
    [`POST /v25.0/${post}/comments`]: () => ({ status: 500, json: {} }),
    [`GET /v25.0/${post}/comments`]: ({ query }) => ({
      json: query['after'] === 'more' ? { data: comments } : { data: others, paging },
    }),
  });
  const { comments: support } = facebook;
  if (support === undefined) throw new Error('no comments');
  const root = { platformPostId: post, url: null };
  const publication = startPublication({
    adapter: commentsOnly(facebook, support),
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account,
    accessToken: 't',
    replyTo: { root, parent: root },
    content: { text: 'First!', options: {}, media: [] },
  });
  await expect(publication.publish()).rejects.toBeInstanceOf(PlatformError);
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: '2' });
});
