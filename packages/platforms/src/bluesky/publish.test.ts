import { afterAll, describe, expect, test } from 'vitest';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { bluesky } from './index.ts';
import { RecordKey } from './publish.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('bluesky');
afterAll(() => client[Symbol.asyncDispose]());

const did = 'did:plc:ada';
const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: bluesky,
    endpoints: testEndpoints(),
    client,
    account: { externalId: did, handle: 'ada.test', service: origin },
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const put = 'POST /xrpc/com.atproto.repo.putRecord';
const get = 'GET /xrpc/com.atproto.repo.getRecord';
const resolve = 'GET /xrpc/com.atproto.identity.resolveHandle';
const stored = () => ({ json: { uri: 'at://x', cid: 'bafy' } });
const olderKey = () => ({ rkey: '3jzfcijpj2z2a', createdAt: new Date().toISOString() });
const invalidSwap = () => ({ status: 400, json: { error: 'InvalidSwap', message: 'Record was at bafy' } });

describe('publishing', () => {
  test('puts one record under a key chosen before, only where there is none', async () => {
    await using server = await startRoutes({ [put]: stored });
    const post = publication(server.origin, 'hi https://a.example #tag', { langs: ['en'] });
    const published = await post.publish();

    const key = RecordKey.parse(post.intents.get('publish')?.key);
    expect(published).toEqual({
      kind: 'published',
      reference: 'bafy',
      platformPostId: `at://${did}/app.bsky.feed.post/${key.rkey}`,
      url: `https://bsky.app/profile/${did}/post/${key.rkey}`,
    });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      repo: did,
      collection: 'app.bsky.feed.post',
      rkey: key.rkey,
      swapRecord: null,
      record: {
        $type: 'app.bsky.feed.post',
        text: 'hi https://a.example #tag',
        createdAt: expect.stringMatching(/^20\d\d-.*Z$/u),
        langs: ['en'],
        facets: [
          {
            index: { byteStart: 3, byteEnd: 20 },
            features: [{ $type: 'app.bsky.richtext.facet#link', uri: 'https://a.example' }],
          },
          { index: { byteStart: 21, byteEnd: 25 }, features: [{ $type: 'app.bsky.richtext.facet#tag', tag: 'tag' }] },
        ],
        embed: {
          $type: 'app.bsky.embed.external',
          external: { uri: 'https://a.example', title: 'a.example', description: '' },
        },
      },
    });
  });

  test('sends to the same place when it is repeated, dated by the send and not by the first one', async () => {
    await using server = await startRoutes({ [put]: stored });
    const post = publication(server.origin, 'hi');
    await post.publish();
    post.forget('publish');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await post.publish();
    const [first, second] = server.seen.map(({ body }) => JSON.parse(body));
    expect(second).toEqual({ ...first, record: { ...first.record, createdAt: second.record.createdAt } });
    expect(Date.parse(second.record.createdAt)).toBeGreaterThan(Date.parse(first.record.createdAt));
  });

  test('resolves each mention once; who is unknown stays text', async () => {
    await using server = await startRoutes({
      [put]: stored,
      [resolve]: ({ query }) =>
        query['handle'] === 'bob.test'
          ? { json: { did: 'did:plc:bob' } }
          : { status: 400, json: { error: 'InvalidRequest', message: 'Unable to resolve handle' } },
    });
    const post = publication(server.origin, '@bob.test and @nobody.test');
    await post.publish();
    post.forget('publish');
    await post.publish();
    expect(server.seen.filter(({ route }) => route === resolve)).toHaveLength(2);
    const mentions = server.seen.filter(({ route }) => route === put).map(({ body }) => JSON.parse(body).record.facets);
    const bob = [
      {
        index: { byteStart: 0, byteEnd: 9 },
        features: [{ $type: 'app.bsky.richtext.facet#mention', did: 'did:plc:bob' }],
      },
    ];
    expect(mentions).toEqual([bob, bob]);
  });

  test('does not drop a mention because the resolver is down', async () => {
    await using server = await startRoutes({ [put]: stored, [resolve]: () => ({ status: 503, json: {} }) });
    await expect(publication(server.origin, '@bob.test').publish()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(server.seen.map(({ route }) => route)).toEqual([resolve]);
  });
});

test('an answer to somebody’s post says not who may answer in their thread', async () => {
  const other = { uri: 'at://did:plc:bob/app.bsky.feed.post/3k2aexample22', cid: 'bafy', record: {} };
  await using server = await startRoutes({
    [put]: stored,
    'GET /xrpc/app.bsky.feed.getPosts': () => ({ json: { posts: [other] } }),
  });
  const options = { replyTo: other.uri, replies: 'nobody', quotes: 'off' };
  await publication(server.origin, 'hi', options).publish();
  const written = server.seen.filter(({ route }) => route === put).map(({ body }) => JSON.parse(body).collection);
  expect(written).toEqual(['app.bsky.feed.postgate', 'app.bsky.feed.post']);
  const account = { externalId: did, handle: 'ada.test', service: server.origin };
  expect(bluesky.validate({ text: 'hi', options, media: [] }, account)).toMatchObject([
    { severity: 'warning', code: 'option_unused', field: 'options.replies' },
  ]);
});

describe('a key that is taken', () => {
  test('by this very post means published', async () => {
    await using server = await startRoutes({
      [put]: invalidSwap,
      [get]: () => ({ json: { uri: 'at://x', value: { text: 'hi', createdAt: 'then' } } }),
    });
    expect(await publication(server.origin, 'hi').publish()).toMatchObject({ kind: 'published' });
  });

  test('and made of the publication alone, by nothing but this post: it may read otherwise by now', async () => {
    await using server = await startRoutes({
      [put]: invalidSwap,
      [get]: () => ({ json: { uri: 'at://x', value: { text: 'as it was', createdAt: 'then' } } }),
    });
    expect(await publication(server.origin, 'hi').publish()).toMatchObject({ kind: 'published' });
  });

  test('and made of a time, as older ones are, by another post is a fault, not a success', async () => {
    await using server = await startRoutes({
      [put]: invalidSwap,
      [get]: () => ({ json: { uri: 'at://x', value: { text: 'other', createdAt: 'then' } } }),
    });
    const post = publication(server.origin, 'hi');
    post.intents.set('publish', { step: 'publish', key: olderKey(), startedAt: new Date() });
    await expect(post.publish()).rejects.toMatchObject({
      kind: 'content',
      platformCode: 'rkey_taken',
    });
  });

  test.each([503, 400, 429])('by what cannot be read (%s) stays in doubt', async (status) => {
    await using server = await startRoutes({
      [put]: invalidSwap,
      [get]: () => ({ status, json: { error: 'RecordNotFound' } }),
    });
    await expect(publication(server.origin, 'hi').publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  });
});

describe('looking for a post in doubt', () => {
  test('that was sent under an older key asks for that one, and tells it from another post there', async () => {
    let text = 'hi';
    await using server = await startRoutes({
      [put]: () => ({ status: 500, json: {} }),
      [get]: () => ({ json: { value: { text, createdAt: 'then' } } }),
    });
    const post = publication(server.origin, 'hi');
    post.intents.set('publish', { step: 'publish', key: olderKey(), startedAt: new Date() });
    await expect(post.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await post.reconcile()).toMatchObject({ kind: 'found' });
    expect(server.seen[1]).toMatchObject({ query: { rkey: olderKey().rkey } });
    text = 'other';
    expect(await post.reconcile()).toMatchObject({ kind: 'cannot_tell' });
  });

  test('reads the record under its key, without a token', async () => {
    let json: unknown;
    let status = 200;
    await using server = await startRoutes({
      [put]: () => ({ status: 500, json: {} }),
      [get]: () => ({ status, json }),
    });
    const post = publication(server.origin, 'hi');
    await expect(post.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    const { rkey } = RecordKey.parse(post.intents.get('publish')?.key);

    json = { value: { text: 'hi, edited since', createdAt: 'then' } };
    expect(await post.reconcile()).toMatchObject({
      kind: 'found',
      platformPostId: `at://${did}/app.bsky.feed.post/${rkey}`,
    });
    expect(server.seen[1]).toMatchObject({ query: { repo: did, collection: 'app.bsky.feed.post', rkey } });
    expect(server.seen[1]?.headers['authorization']).toBeUndefined();

    [status, json] = [400, { error: 'RecordNotFound', message: 'Could not locate record' }];
    expect(await post.reconcile()).toMatchObject({ kind: 'not_seen' });
    [status, json] = [400, { error: 'RepoDeactivated' }];
    await expect(post.reconcile()).rejects.toMatchObject({ kind: 'policy' });
    [status, json] = [502, {}];
    await expect(post.reconcile()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
