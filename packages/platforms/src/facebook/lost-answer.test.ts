import { afterAll, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { facebook } from './index.ts';

const client = openTestClient('facebook');
afterAll(() => client[Symbol.asyncDispose]());

const draft = '10_77';
const made = '10_88';
const refused = (code: number, subcode?: number) => ({
  status: 400,
  json: { error: { message: 'm', code, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
});

test.each([
  ['a text', [], refused(506)],
  ['photos', [testPicture()], refused(100, 1_366_051)],
])(
  '%s made in one step whose answer is lost, on a page that lists late: never a refusal, and found once it is listed',
  async (_what, media, duplicate) => {
    let isListed = false;
    const commits: string[] = [];
    await using server = await startRoutes({
      'POST /v25.0/10/photos': () => ({ json: { id: '100' } }),
      'POST /v25.0/10/feed': ({ body }) => {
        if (!body.includes('published=true')) return { json: { id: draft } };
        if (commits.length > 0) return duplicate;
        commits.push(made);
        return { status: 500, json: {} };
      },
      [`POST /v25.0/${draft}`]: () => refused(100),
      [`DELETE /v25.0/${draft}`]: () => ({ json: { success: true } }),
      [`GET /v25.0/${draft}`]: () => refused(100, 33),
      'GET /v25.0/10/published_posts': () => ({
        json: { data: isListed ? [{ id: made, message: 'Hello', created_time: new Date().toISOString() }] : [] },
      }),
    });
    const publication = startPublication({
      adapter: facebook,
      endpoints: testEndpoints({ api: server.origin, version: 'v25.0' }),
      client,
      account: { externalId: '10', handle: 'page', service: null },
      accessToken: 'page-token',
      content: { text: 'Hello', options: {}, media },
    });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
    // What the engine takes for evidence that an earlier send arrived: see `reconcile/evidence.test.ts`.
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'duplicate' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
    isListed = true;
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: made });
    expect(commits).toEqual([made]);
  },
);

test('photos made in one step are known by what was uploaded for them, not by words that others have too', async () => {
  let isLost = false;
  const ago = new Date().toISOString();
  const showing = (id: string, ...photos: string[]) => ({
    id,
    created_time: ago,
    attachments: {
      data: [
        photos.length === 1
          ? { target: { id: photos[0] } }
          : { target: { id: 'album' }, subattachments: { data: photos.map((photo) => ({ target: { id: photo } })) } },
      ],
    },
  });
  let posts: object[] = [showing('10_87', '999')];
  let photos = 100;
  await using server = await startRoutes({
    'POST /v25.0/10/photos': () => ({ json: { id: String(photos++) } }),
    'POST /v25.0/10/feed': () => (isLost ? { status: 500, json: {} } : { json: { id: draft } }),
    [`POST /v25.0/${draft}`]: () => refused(100),
    [`DELETE /v25.0/${draft}`]: () => {
      isLost = true;
      return { json: { success: true } };
    },
    [`GET /v25.0/${draft}`]: () => refused(100, 33),
    'GET /v25.0/10/published_posts': () => ({ json: { data: posts } }),
  });
  const publication = startPublication({
    adapter: facebook,
    endpoints: testEndpoints({ api: server.origin, version: 'v25.0' }),
    client,
    account: { externalId: '10', handle: 'page', service: null },
    accessToken: 'page-token',
    content: { text: '', options: {}, media: [testPicture('One'), testPicture('Two')] },
  });
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  expect(await publication.reconcile()).toEqual({ kind: 'not_seen', evidence: expect.any(String) });
  posts = [showing('10_89', '999'), showing(made, '100', '101'), showing('10_87', '998', '999')];
  expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: made });
  posts = [{ id: '10_90', created_time: ago }];
  expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('10_90') });
});
