import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('mastodon', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Status = z.looseObject({ id: z.string(), content: z.string(), url: z.string() });
const post = (json: object, options: { key?: string; account?: TestAccount } = {}) =>
  sandbox.mastodon('/api/v1/statuses', {
    token: (options.account ?? ada).accessToken,
    json,
    headers: options.key === undefined ? {} : { 'idempotency-key': options.key },
  });
const posted = async (json: object, options?: Parameters<typeof post>[1]) =>
  Status.parse((await post(json, options)).body);
const get = (path: string, token?: string) => sandbox.mastodon(path, token === undefined ? {} : { token });
const list = async (id: string, query = '', token?: string) =>
  z
    .array(Status)
    .parse((await get(`/api/v1/accounts/${id}/statuses?${query}`, token)).body)
    .map((status) => status.id);

test('a status is posted with 200, read, listed and deleted with its source text', async () => {
  const reply = await post({ status: 'Hello <world> & all' });
  expect(reply.status).toBe(200);
  const status = Status.parse(reply.body);
  const origin = sandbox.running.hosts['mastodon'] ?? '';
  expect(status).toMatchObject({
    content: '<p>Hello &lt;world&gt; &amp; all</p>',
    visibility: 'public',
    url: `${origin}/@ada/${status.id}`,
    uri: `${origin}/users/ada/statuses/${status.id}`,
    account: { id: ada.account.id },
    replies_count: 0,
    reblogs_count: 0,
    favourites_count: 0,
  });
  expect((await get(`/api/v1/statuses/${status.id}`)).body).toMatchObject({ id: status.id });
  expect(await list(ada.account.id)).toContain(status.id);
  const page = await get(`/@ada/${status.id}`);
  expect(page.text).toContain('Hello &#60;world&#62;');

  const removed = await sandbox.mastodon(`/api/v1/statuses/${status.id}`, { method: 'DELETE', token: ada.accessToken });
  expect(removed.body).toMatchObject({ id: status.id, text: 'Hello <world> & all' });
  expect(await get(`/api/v1/statuses/${status.id}`)).toMatchObject({
    status: 404,
    body: { error: 'Record not found' },
  });
});

test('a form is as good as JSON', async () => {
  const form = { status: 'from a form', sensitive: 'true', visibility: 'unlisted' };
  const reply = await sandbox.mastodon('/api/v1/statuses', { form, token: ada.accessToken });
  expect(reply).toMatchObject({ status: 200, body: { sensitive: true, visibility: 'unlisted' } });
});

test('links, hashtags, known mentions, lines and paragraphs are rendered', async () => {
  const long = 'https://www.example.com/a/very/long/path/indeed?x=1&y=2';
  const { content } = await posted({ status: `One\ntwo\n\nSee ${long} #Größe @ada @nobody` });
  expect(content).toContain(
    '<p>One<br />two</p><p>See <a href="https://www.example.com/a/very/long/path/indeed?x=1&#38;y=2"',
  );
  expect(content).toContain(
    '<span class="invisible">https://www.</span><span class="ellipsis">example.com/a/very/long/path/i</span>',
  );
  expect(content).toContain('class="mention hashtag" rel="tag">#<span>Größe</span></a>');
  expect(content).toContain('class="u-url mention">@<span>ada</span></a></span>');
  expect(content).toContain(' @nobody</p>');
});

test('the same key gives the same status within the hour, also of two requests at once', async () => {
  const replies = await Promise.all(Array.from({ length: 4 }, () => post({ status: 'keyed' }, { key: 'k1' })));
  const ids = new Set(replies.map((reply) => Status.parse(reply.body).id));
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200]);
  expect(ids.size).toBe(1);
  expect((await posted({ status: 'another text' }, { key: 'k1' })).id).toBe([...ids][0]);
  const eve = await sandbox.account('mastodon', 'eve');
  expect(ids).not.toContain((await posted({ status: 'keyed' }, { key: 'k1', account: eve })).id);
  expect(ids).not.toContain((await posted({ status: 'keyed' })).id);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 3_600_000 } });
  expect(ids).not.toContain((await posted({ status: 'keyed' }, { key: 'k1' })).id);
});

test('500 characters are taken, where links count 23 and the host of a mention nothing', async () => {
  expect((await post({ status: '👩‍👩‍👧'.repeat(500) })).status).toBe(200);
  expect((await post({ status: `${'a'.repeat(476)} https://example.com/${'x'.repeat(200)}` })).status).toBe(200);
  expect((await post({ status: `${'b'.repeat(495)} @eve@other.example` })).status).toBe(200);
  expect((await post({ status: `${'b'.repeat(496)} @eve@other.example` })).status).toBe(422);
  const reply = await post({ status: 'd'.repeat(400), spoiler_text: 'e'.repeat(101) });
  expect(reply).toMatchObject({
    status: 422,
    body: { error: 'Validation failed: Text character limit of 500 exceeded' },
  });
});

test.each<[string, object, number, string]>([
  ['no text', { status: '  ' }, 422, "Validation failed: Text can't be blank"],
  [
    'an unknown visibility',
    { status: 'v', visibility: 'nobody' },
    422,
    'Validation failed: visibility is not included in the list',
  ],
  [
    'five media',
    { status: 'm', media_ids: ['1', '2', '3', '4', '5'] },
    422,
    'Validation failed: Cannot attach more than 4 files',
  ],
  ['unknown media', { status: 'm', media_ids: ['1'] }, 422, 'not found'],
  ['a reply to nothing', { status: 'r', in_reply_to_id: '1' }, 404, 'does not appear to exist'],
])('%s is refused', async (_what, body, status, error) => {
  expect(await post(body)).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
});

test('tokens are told apart: none, unknown, expired, revoked, out of scope', async () => {
  const json = { status: 't' };
  expect(await sandbox.mastodon('/api/v1/statuses', { json })).toMatchObject({
    status: 401,
    body: { error: 'The access token is invalid' },
  });
  const max = await sandbox.account('mastodon', 'max');
  await sandbox.send('/_sandbox/tokens/expire', { json: { platform: 'mastodon', account: 'max' } });
  expect(await post(json, { account: max })).toMatchObject({
    status: 401,
    body: { error: 'The access token expired' },
  });
  await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'mastodon', account: max.account.id } });
  expect(await post(json, { account: max })).toMatchObject({
    status: 401,
    body: { error: 'The access token was revoked' },
  });
});

test('the listing is newest first, in pages both ways, and leaves replies out on request', async () => {
  const dora = await sandbox.account('mastodon', 'dora');
  const ids: string[] = [];
  for (let index = 0; index < 6; index += 1)
    ids.unshift((await posted({ status: `number ${index}` }, { account: dora })).id);
  expect(await list(dora.account.id, 'limit=2')).toEqual(ids.slice(0, 2));
  expect(await list(dora.account.id, `max_id=${ids[1]}`)).toEqual(ids.slice(2));
  expect(await list(dora.account.id, `since_id=${ids[2]}`)).toEqual(ids.slice(0, 2));
  expect(await list(dora.account.id, `min_id=${ids[5]}&limit=2`)).toEqual(ids.slice(3, 5));
  const reply = await posted({ status: 'reply', in_reply_to_id: ids[0] }, { account: dora });
  expect(await list(dora.account.id, 'exclude_replies=true')).not.toContain(reply.id);
  const { headers } = await get(`/api/v1/accounts/${dora.account.id}/statuses?limit=1`);
  expect(headers.get('link')).toContain(`max_id=${reply.id}>; rel="next"`);
  expect((await get('/api/v1/accounts/1/statuses')).status).toBe(404);
});

test('what is not public is for its author alone, and so is deleting', async () => {
  const { id } = await posted({ status: 'for me', visibility: 'private' });
  const eve = await sandbox.account('mastodon', 'eve');
  expect((await get(`/api/v1/statuses/${id}`, eve.accessToken)).status).toBe(404);
  expect((await get(`/api/v1/statuses/${id}`, ada.accessToken)).status).toBe(200);
  expect(await list(ada.account.id)).not.toContain(id);
  expect(await list(ada.account.id, '', ada.accessToken)).toContain(id);
  const theirs = await posted({ status: 'public' });
  const stolen = await sandbox.mastodon(`/api/v1/statuses/${theirs.id}`, { method: 'DELETE', token: eve.accessToken });
  expect(stolen.status).toBe(404);
});

test('three hundred requests in five minutes are allowed; the reset is told as a time', async () => {
  const kim = await sandbox.account('mastodon', 'kim');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'mastodon', scale: 0.01 } });
  const replies = [];
  for (let index = 0; index < 4; index += 1) replies.push(await post({ status: `s${index}` }, { account: kim }));
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'mastodon', scale: 1 } });
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 429]);
  expect(replies[0]?.headers.get('x-ratelimit-limit')).toBe('3');
  expect(replies[0]?.headers.get('x-ratelimit-remaining')).toBe('2');
  expect(replies[3]?.body).toEqual({ error: 'Too many requests' });
  const waitMs = Date.parse(replies[3]?.headers.get('x-ratelimit-reset') ?? '') - Date.now();
  expect(waitMs).toBeGreaterThan(-1000);
  expect(waitMs).toBeLessThanOrEqual(300_000);
});

test('thirty deletions in half an hour are allowed', async () => {
  const leo = await sandbox.account('mastodon', 'leo');
  const ids: string[] = [];
  for (let index = 0; index < 4; index += 1) ids.push((await posted({ status: `d${index}` }, { account: leo })).id);
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'mastodon', scale: 0.1 } });
  const statuses = [];
  for (const id of ids) {
    const reply = await sandbox.mastodon(`/api/v1/statuses/${id}`, { method: 'DELETE', token: leo.accessToken });
    statuses.push(reply.status);
  }
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'mastodon', scale: 1 } });
  expect(statuses).toEqual([200, 200, 200, 429]);
});

test('an unknown route gets the 404 of Mastodon and is counted', async () => {
  expect(await get('/api/v1/timelines/home')).toMatchObject({ status: 404, body: { error: 'Record not found' } });
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({
    unknownRoutes: [{ path: '/api/v1/timelines/home', count: 1 }],
  });
});
