import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';
import { cidOf } from './cid.ts';
import { createTids } from './tid.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('bluesky', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const collection = 'app.bsky.feed.post';
const newTid = createTids(Date.now);
const Written = z.looseObject({ uri: z.string(), cid: z.string() });

const record = (text: string, more: object = {}) => ({
  $type: collection,
  text,
  createdAt: '2026-01-01T00:00:00.000Z',
  ...more,
});
const write = (method: string, fields: object, account = ada) =>
  sandbox.bluesky(`com.atproto.repo.${method}`, {
    token: account.accessToken,
    json: { repo: account.account.id, collection, ...fields },
  });
const create = (fields: object, account?: TestAccount) => write('createRecord', fields, account);
const put = (fields: object) => write('putRecord', fields);
const read = (rkey: string, repo = ada.account.id) =>
  sandbox.bluesky(`com.atproto.repo.getRecord?repo=${repo}&collection=${collection}&rkey=${rkey}`);

test('a record is created under the given key, verbatim, with its true CID', async () => {
  const rkey = newTid();
  const value = record('Hello', { langs: ['en'] });
  const reply = await create({ rkey, record: value });
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({
    uri: `at://${ada.account.id}/${collection}/${rkey}`,
    cid: cidOf(value),
    commit: { cid: expect.stringMatching(/^bafyrei/), rev: expect.any(String) },
    validationStatus: 'valid',
  });
  const stored = { uri: Written.parse(reply.body).uri, cid: cidOf(value), value };
  expect((await read(rkey)).body).toEqual(stored);
  expect((await read(rkey, 'ada.test')).body).toEqual(stored);
});

test('a key that exists answers 500 and leaves one post, also of requests at once', async () => {
  const rkey = newTid();
  const replies = await Promise.all(Array.from({ length: 4 }, () => create({ rkey, record: record('raced') })));
  expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([200, 500, 500, 500]);
  expect(replies.find((reply) => reply.status === 500)?.body).toEqual({
    error: 'InternalServerError',
    message: 'Internal Server Error',
  });
});

test('putRecord with swapRecord null creates once, takes the same record again, and says InvalidSwap to another', async () => {
  const rkey = newTid();
  const first = await put({ rkey, record: record('put'), swapRecord: null });
  expect(first.status).toBe(200);
  expect((await put({ rkey, record: record('put'), swapRecord: null })).status).toBe(200);
  const second = await put({ rkey, record: record('put otherwise'), swapRecord: null });
  expect(second.status).toBe(400);
  expect(second.body).toEqual({ error: 'InvalidSwap', message: `Record was at ${Written.parse(first.body).cid}` });
});

test('putRecord of the same bytes changes nothing, of others it amends the one post', async () => {
  const rkey = newTid();
  const first = Written.parse((await put({ rkey, record: record('same') })).body);
  const again = await put({ rkey, record: record('same') });
  expect(again).toMatchObject({ status: 200, body: { uri: first.uri, cid: first.cid } });
  expect(again.body).not.toHaveProperty('commit');
  expect((await put({ rkey, record: record('amended'), swapRecord: first.cid })).status).toBe(200);
  expect((await put({ rkey, record: record('lost'), swapRecord: first.cid })).body).toMatchObject({
    error: 'InvalidSwap',
  });
  expect((await read(rkey)).body).toMatchObject({ value: { text: 'amended' } });
});

test('a record that is not there answers 400 RecordNotFound; deleting it is fine', async () => {
  const rkey = newTid();
  expect(await read(rkey)).toMatchObject({ status: 400, body: { error: 'RecordNotFound' } });
  expect(await write('deleteRecord', { rkey })).toMatchObject({ status: 200, body: {} });
  await create({ rkey, record: record('short-lived') });
  expect(await write('deleteRecord', { rkey })).toMatchObject({
    status: 200,
    body: { commit: { rev: expect.any(String) } },
  });
  expect((await read(rkey)).status).toBe(400);
});

test('a missing key is chosen, a missing $type is added', async () => {
  const reply = await create({ record: { text: 'bare', createdAt: '2026-01-01T00:00:00Z' } });
  const rkey = Written.parse(reply.body).uri.split('/').at(-1) ?? '';
  expect((await read(rkey)).body).toMatchObject({ value: { $type: collection, text: 'bare' } });
});

const facet = (byteStart: number, byteEnd: number) => ({
  index: { byteStart, byteEnd },
  features: [{ $type: 'app.bsky.richtext.facet#link', uri: 'https://example.com' }],
});

test.each<[string, object, string]>([
  [
    '301 graphemes',
    record('a'.repeat(301)),
    'Invalid app.bsky.feed.post record: grapheme too big (maximum 300, got 301) at $.record.text',
  ],
  ['3,001 bytes', record('👩‍👩‍👧‍👦'.repeat(121)), 'string too big (maximum 3000, got 3025) at $.record.text'],
  ['no text', { $type: collection, createdAt: '2026-01-01T00:00:00Z' }, 'at $.record.text'],
  ['a bad time', record('t', { createdAt: 'yesterday' }), 'at $.record.createdAt'],
  ['another $type', record('t', { $type: 'app.bsky.feed.like' }), 'Invalid $type'],
  ['four languages', record('t', { langs: ['en', 'de', 'fr', 'it'] }), 'at $.record.langs'],
  ['a facet beyond the text', record('tiny', { facets: [facet(0, 5)] }), 'at $.record.facets[0].index'],
  ['a facet of nothing', record('tiny', { facets: [facet(2, 2)] }), 'at $.record.facets[0].index'],
  [
    'a facet of no kind',
    record('tiny', { facets: [{ index: { byteStart: 0, byteEnd: 1 }, features: [{ $type: 'bold' }] }] }),
    'at $.record.facets[0].features[0]',
  ],
  ['a float', record('t', { size: 1.5 }), 'Bad record'],
])('%s is refused: %#', async (_what, value, message) => {
  const reply = await create({ rkey: newTid(), record: value });
  expect(reply).toMatchObject({
    status: 400,
    body: { error: 'InvalidRequest', message: expect.stringContaining(message) },
  });
});

test('300 graphemes of several bytes and facets to the end of the text are taken', async () => {
  expect(
    (await create({ rkey: newTid(), record: record('é'.repeat(300), { facets: [facet(598, 600)] }) })).status,
  ).toBe(200);
});

test('a blob that nobody uploaded is BlobNotFound', async () => {
  const image = { $type: 'blob', ref: { $link: cidOf({}) }, mimeType: 'image/png', size: 9 };
  const embed = { $type: 'app.bsky.embed.images', images: [{ image, alt: '' }] };
  expect((await create({ rkey: newTid(), record: record('t', { embed }) })).body).toMatchObject({
    error: 'BlobNotFound',
  });
});

test('the key must be a TID, the repository the own one, the token there', async () => {
  expect((await create({ rkey: 'my-post', record: record('t') })).body).toMatchObject({ error: 'InvalidRequest' });
  const eve = await sandbox.account('bluesky', 'eve');
  expect(await create({ repo: eve.account.id, record: record('t') })).toMatchObject({
    status: 401,
    body: { error: 'AuthenticationRequired' },
  });
  const json = { repo: ada.account.id, collection, record: record('t') };
  expect(await sandbox.bluesky('com.atproto.repo.createRecord', { json })).toMatchObject({
    status: 401,
    body: { error: 'AuthMissing' },
  });
});

test('records are listed newest first, in pages, and reversed', async () => {
  const dora = await sandbox.account('bluesky', 'dora');
  const keys: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    keys.unshift(newTid());
    await create({ rkey: keys[0], record: record(`number ${index}`) }, dora);
  }
  const Listing = z.object({ records: z.array(z.object({ uri: z.string() })), cursor: z.string().optional() });
  const list = async (query: string) => {
    const path = `com.atproto.repo.listRecords?repo=dora.test&collection=${collection}&${query}`;
    const { records, cursor } = Listing.parse((await sandbox.bluesky(path)).body);
    return { keys: records.map(({ uri }) => uri.split('/').at(-1)), cursor };
  };
  const first = await list('limit=2');
  expect(first.keys).toEqual(keys.slice(0, 2));
  expect((await list(`limit=10&cursor=${first.cursor}`)).keys).toEqual(keys.slice(2));
  expect((await list('limit=2&reverse=true')).keys).toEqual(keys.toReversed().slice(0, 2));
  expect(await list(`cursor=${keys.at(-1)}`)).toEqual({ keys: [], cursor: undefined });
});

test('getPosts tells the counts of existing posts, by the DID of their account', async () => {
  const { uri, cid } = Written.parse((await create({ record: record('counted') })).body);
  const byHandle = uri.replace(ada.account.id, 'ada.test');
  const reply = await sandbox.bluesky(
    `app.bsky.feed.getPosts?uris=${uri}&uris=${byHandle}&uris=at://${ada.account.id}/${collection}/none`,
  );
  expect(reply.body).toMatchObject({
    posts: [
      {
        uri,
        cid,
        author: { did: ada.account.id, handle: 'ada.test' },
        likeCount: 0,
        repostCount: 0,
        replyCount: 0,
        quoteCount: 0,
      },
    ],
  });
});

test('a create costs three points of the hour', async () => {
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 24 * 3_600_000 } });
  const max = await sandbox.account('bluesky', 'max');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'bluesky', scale: 0.0012 } });
  const first = await create({ record: record('one') }, max);
  const second = await create({ record: record('two') }, max);
  const third = await create({ record: record('three') }, max);
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'bluesky', scale: 1 } });
  expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
  expect(third.headers.get('ratelimit-policy')).toBe('6;w=3600');
  expect(third.headers.get('ratelimit-remaining')).toBe('0');
});

test('an unknown method gets the shape of XRPC and is counted', async () => {
  const reply = await sandbox.bluesky('com.atproto.repo.somethingElse');
  expect(reply).toMatchObject({ status: 404, body: { error: 'XRPCNotSupported' } });
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({
    unknownRoutes: [{ platform: 'bluesky', method: 'GET', path: '/xrpc/com.atproto.repo.somethingElse' }],
  });
});
