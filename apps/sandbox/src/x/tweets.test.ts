import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('x', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Tweet = z.looseObject({ id: z.string(), text: z.string() });
const Listing = z.object({
  data: z.array(Tweet).default([]),
  meta: z.looseObject({ result_count: z.number(), next_token: z.string().optional() }),
});

const post = (json: unknown, token = ada.accessToken) => sandbox.send('/x/2/tweets', { token, json });
const postId = async (json: unknown, token?: string) =>
  z.object({ data: Tweet }).parse((await post(json, token)).body).data.id;
const get = (path: string, token = ada.accessToken) => sandbox.send(`/x/2/${path}`, { token });
const list = async (id: string, query = '') => Listing.parse((await get(`users/${id}/tweets?${query}`)).body);

test('a query parameter that X does not have is refused, expansions and fields of either name are taken', async () => {
  const { id } = ada.account;
  for (const path of [
    `users/${id}/tweets?colour=red`,
    'tweets?ids=1&colour=red',
    'tweets/1?colour=red',
    'users/me?colour=red',
  ]) {
    const answer = await get(path);
    expect([path, answer.status]).toEqual([path, 400]);
    expect(JSON.stringify(answer.body)).toContain('The query parameter [colour] is not one of');
  }
  for (const fields of ['tweet.fields=created_at&expansions=author_id&user.fields=name', 'post.fields=created_at'])
    expect((await get(`users/${id}/tweets?${fields}`)).status).toBe(200);
});

test('nor does any route that writes take one, and /users/me refuses fields of its own that are none', async () => {
  const token = ada.accessToken;
  const id = await postId({ text: 'stays where it is' });
  for (const [method, path] of [
    ['DELETE', `tweets/${id}`],
    ['POST', 'media/upload'],
    ['POST', 'media/upload/initialize'],
    ['POST', 'media/upload/1/append'],
    ['POST', 'media/upload/1/finalize'],
    ['POST', 'media/metadata'],
  ] as const) {
    const answer = await sandbox.send(`/x/2/${path}?colour=red`, { token, method });
    expect([path, answer.status]).toEqual([path, 400]);
    expect(JSON.stringify(answer.body)).toContain('[colour]');
  }
  expect((await get(`tweets/${id}`)).body).toMatchObject({ data: { id } });
  for (const [query, status] of [
    ['user.fields=verified,name&expansions=pinned_tweet_id', 200],
    ['user.fields=colour', 400],
    ['expansions=author_id', 400],
  ] as const)
    expect([query, (await get(`users/me?${query}`)).status]).toEqual([query, status]);
});

test('an expansion or a field that X does not have is refused, in a look-up as in a post’s own query', async () => {
  for (const query of ['expansions=owner', 'tweet.fields=colour', 'media.fields=colour', 'user.fields=colour'])
    expect([query, (await get(`tweets?ids=1&${query}`)).status]).toEqual([query, 400]);
  const token = ada.accessToken;
  expect((await sandbox.send('/x/2/tweets?colour=red', { token, json: { text: 'Not out' } })).status).toBe(400);
  expect(JSON.stringify(await list(ada.account.id))).not.toContain('Not out');
});

test('expansions tell what posts refer to, each once', async () => {
  const bob = await sandbox.account('x', 'bob-expanded');
  const first = await postId({ text: 'Expanded' }, bob.accessToken);
  const second = await postId({ text: 'Answer', reply: { in_reply_to_tweet_id: first } });
  const expansions = 'expansions=author_id,in_reply_to_user_id,referenced_tweets.id';
  expect((await get(`tweets/${second}?${expansions}`)).body).toMatchObject({
    data: { author_id: ada.account.id, in_reply_to_user_id: bob.account.id, referenced_tweets: [{ id: first }] },
    includes: {
      users: [
        { id: ada.account.id, username: 'ada' },
        { id: bob.account.id, username: bob.account.handle },
      ],
      tweets: [{ id: first, text: 'Expanded' }],
    },
  });
  const both = await get(
    `tweets?ids=${first},${second}&expansions=author_id,in_reply_to_user_id&post.fields=created_at`,
  );
  expect((both.body as { includes: { users: unknown[] } }).includes.users).toHaveLength(2);
  expect((await get(`tweets/${second}`)).body).not.toHaveProperty('includes');
});

test('a tweet is created with 201, read by id and by the timeline, and deleted', async () => {
  const created = await post({ text: 'Hello there' });
  expect(created.status).toBe(201);
  const { data } = z.object({ data: Tweet }).parse(created.body);
  expect(data).toEqual({
    id: expect.stringMatching(/^\d{15,19}$/),
    text: 'Hello there',
    edit_history_tweet_ids: [data.id],
  });

  const read = await get(`tweets/${data.id}?tweet.fields=created_at,author_id,public_metrics,conversation_id`);
  expect(read.body).toMatchObject({
    data: {
      author_id: ada.account.id,
      conversation_id: data.id,
      public_metrics: {
        retweet_count: 0,
        reply_count: 0,
        like_count: 0,
        quote_count: 0,
        bookmark_count: 0,
        impression_count: 0,
      },
    },
  });
  expect((await list(ada.account.id)).data.map((tweet) => tweet.id)).toContain(data.id);

  const removed = await sandbox.send(`/x/2/tweets/${data.id}`, { method: 'DELETE', token: ada.accessToken });
  expect(removed.body).toEqual({ data: { deleted: true } });
  const gone = await get(`tweets/${data.id}`);
  expect(gone.status).toBe(200);
  expect(gone.body).toMatchObject({
    errors: [{ type: expect.stringMatching(/resource-not-found$/), resource_id: data.id }],
  });
});

test('the post_* names are given to whoever asks with post.fields', async () => {
  const id = await postId({ text: 'named otherwise' });
  const { body } = await get(`tweets/${id}?post.fields=public_metrics`);
  expect(body).toMatchObject({ data: { edit_history_post_ids: [id], public_metrics: { repost_count: 0 } } });
});

test('links become t.co with entities that lead back, markup is escaped', async () => {
  const text = '👋 R&D <b> https://example.com/a?b=c&d=e and example.org';
  const id = await postId({ text });
  const { body } = await get(`tweets/${id}?tweet.fields=entities`);
  const urls = z.array(z.object({ start: z.number(), end: z.number(), url: z.string(), expanded_url: z.string() }));
  const { data } = z.object({ data: z.object({ text: z.string(), entities: z.object({ urls }) }) }).parse(body);
  expect(data.text).toMatch(/^👋 R&amp;D &lt;b&gt; https:\/\/t\.co\/\w{10} and https:\/\/t\.co\/\w{10}$/);
  expect(data.entities.urls.map((url) => url.expanded_url)).toEqual([
    'https://example.com/a?b=c&d=e',
    'http://example.org',
  ]);
  for (const url of data.entities.urls) expect(Array.from(data.text).slice(url.start, url.end).join('')).toBe(url.url);
});

test('280 weighted characters are taken, 281 are not; a link counts 23', async () => {
  expect((await post({ text: 'é'.repeat(280) })).status).toBe(201);
  expect((await post({ text: `${'a'.repeat(256)} https://example.com/${'long/'.repeat(60)}` })).status).toBe(201);
  const tooLong = await post({ text: '漢'.repeat(141) });
  expect(tooLong.status).toBe(400);
  expect(tooLong.body).toMatchObject({ title: 'Invalid Request', type: expect.stringMatching(/invalid-request$/) });
});

test.each([
  ['an unknown property', { text: 'a', colour: 'red' }, 'colour'],
  ['an unknown nested property', { text: 'a', reply: { in_reply_to_tweet_id: '1', to: 2 } }, 'reply.to'],
  ['a wrong type', { text: 7 }, 'text'],
  ['a poll with one option', { text: 'a', poll: { options: ['a'], duration_minutes: 5 } }, 'poll.options'],
])('%s is refused and named', async (_what, body, parameter) => {
  const reply = await post(body);
  expect(reply.status).toBe(400);
  expect(reply.body).toMatchObject({ errors: [{ parameters: { [parameter]: expect.any(Array) } }] });
});

test('a tweet without text or media, with unknown media, or with two attachments is refused', async () => {
  expect((await post({})).status).toBe(400);
  expect((await post({ text: 'm', media: { media_ids: ['123'] } })).body).toMatchObject({
    errors: [{ message: 'Your media IDs are invalid.' }],
  });
  const poll = { options: ['a', 'b'], duration_minutes: 5 };
  expect((await post({ text: 'two', poll, quote_tweet_id: '1' })).status).toBe(400);
});

test('a broken body and a missing or foreign token get the shapes of X', async () => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ada.accessToken}` };
  const response = await fetch(`${sandbox.running.url}/x/2/tweets`, { method: 'POST', headers, body: '{"text":' });
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect((await post({ text: 'who' }, 'nobody')).status).toBe(401);
  expect((await sandbox.send('/x/2/users/me')).body).toMatchObject({ title: 'Unauthorized', status: 401 });
});

test('the same text again is refused without an id, also of two requests at once; another account may', async () => {
  const bob = await sandbox.account('x', 'bob');
  const replies = await Promise.all(Array.from({ length: 5 }, () => post({ text: 'only one of us' }, bob.accessToken)));
  expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([201, 403, 403, 403, 403]);
  expect(replies.find((reply) => reply.status === 403)?.body).toEqual({
    detail: 'You are not allowed to create a Tweet with duplicate content.',
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
  });
  expect((await post({ text: 'only one of us' })).status).toBe(201);
});

test('a text may be used again once the tweet is deleted, or after a day', async () => {
  const eve = await sandbox.account('x', 'eve');
  const id = await postId({ text: 'again' }, eve.accessToken);
  await sandbox.send(`/x/2/tweets/${id}`, { method: 'DELETE', token: eve.accessToken });
  expect((await post({ text: 'again' }, eve.accessToken)).status).toBe(201);
  expect((await post({ text: 'again' }, eve.accessToken)).status).toBe(403);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 24 * 3_600_000 } });
  const fresh = await sandbox.account('x', 'eve');
  expect((await post({ text: 'again' }, fresh.accessToken)).status).toBe(201);
  ada = await sandbox.account('x', 'ada');
});

test('only the author may delete, and only existing tweets can be replied to', async () => {
  const carl = await sandbox.account('x', 'carl');
  const id = await postId({ text: 'mine' }, carl.accessToken);
  expect((await sandbox.send(`/x/2/tweets/${id}`, { method: 'DELETE', token: ada.accessToken })).status).toBe(403);
  expect((await post({ text: 'to nobody', reply: { in_reply_to_tweet_id: '12345' } })).status).toBe(403);
  const reply = await postId({ text: 'to carl', reply: { in_reply_to_tweet_id: id } });
  const { body } = await get(`tweets/${reply}?tweet.fields=referenced_tweets,conversation_id,in_reply_to_user_id`);
  expect(body).toMatchObject({
    data: {
      conversation_id: id,
      in_reply_to_user_id: carl.account.id,
      referenced_tweets: [{ type: 'replied_to', id }],
    },
  });
});

test('the timeline is newest first, in pages, from a time, and leaves replies out on request', async () => {
  const dora = await sandbox.account('x', 'dora');
  const ids: string[] = [];
  for (let index = 0; index < 12; index += 1) ids.unshift(await postId({ text: `number ${index}` }, dora.accessToken));
  const first = await list(dora.account.id, 'max_results=5');
  expect(first.data.map((tweet) => tweet.id)).toEqual(ids.slice(0, 5));
  expect(first.meta).toMatchObject({ result_count: 5, newest_id: ids[0], oldest_id: ids[4] });
  const second = await list(dora.account.id, `max_results=10&pagination_token=${first.meta.next_token}`);
  expect(second.data.map((tweet) => tweet.id)).toEqual(ids.slice(5));
  expect(second.meta.next_token).toBeUndefined();

  const later = new Date(Date.now() + 60_000).toISOString();
  expect(await list(dora.account.id, `start_time=${later}`)).toEqual({ data: [], meta: { result_count: 0 } });
  expect((await list(dora.account.id, `since_id=${ids[2]}`)).data).toHaveLength(2);
  const reply = await postId({ text: 'a reply', reply: { in_reply_to_tweet_id: ids[0] } }, dora.accessToken);
  const without = await list(dora.account.id, 'exclude=retweets,replies');
  expect(without.data.map((tweet) => tweet.id)).not.toContain(reply);
  expect((await get(`users/${dora.account.id}/tweets?max_results=4`)).status).toBe(400);
});

test('a look-up of several ids tells the missing ones', async () => {
  const id = await postId({ text: 'one of two' });
  expect((await get(`tweets?ids=${id},999`)).body).toMatchObject({ data: [{ id }], errors: [{ value: '999' }] });
});

test('the hundred and first tweet in a quarter of an hour is refused with the time of the reset', async () => {
  const max = await sandbox.account('x', 'max');
  let last = await post({ text: 'tweet 0' }, max.accessToken);
  expect(last.headers.get('x-rate-limit-limit')).toBe('100');
  expect(last.headers.get('x-rate-limit-remaining')).toBe('99');
  for (let index = 1; index <= 100; index += 1) last = await post({ text: `tweet ${index}` }, max.accessToken);
  expect(last.status).toBe(429);
  expect(last.body).toMatchObject({ title: 'Too Many Requests', status: 429 });
  expect(last.headers.get('x-rate-limit-remaining')).toBe('0');
  const resetInSeconds = Number(last.headers.get('x-rate-limit-reset')) - Date.now() / 1000;
  expect(resetInSeconds).toBeGreaterThan(800);
  expect(resetInSeconds).toBeLessThanOrEqual(901);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 900_000 } });
  expect((await post({ text: 'later' }, max.accessToken)).status).toBe(201);
});

test('all users of an application share its limit of the day', async () => {
  await sandbox.send('/_sandbox/reset', { method: 'POST' });
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'x', scale: 0.0002 } });
  const replies = [];
  for (const handle of ['day1', 'day2', 'day3']) {
    replies.push(await post({ text: 'one each' }, (await sandbox.account('x', handle)).accessToken));
  }
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'x', scale: 1 } });
  expect(replies.map((reply) => reply.status)).toEqual([201, 201, 429]);
  expect(replies[2]?.headers.get('x-app-limit-24hour-remaining')).toBe('0');
  expect(replies[2]?.headers.get('x-rate-limit-remaining')).toBe('1');
});

test('an unknown route gets the 404 of X and is counted', async () => {
  const reply = await get('tweets/search/recent?query=secret');
  expect(reply.status).toBe(404);
  expect(reply.body).toMatchObject({ title: 'Not Found', status: 404 });
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({
    unknownRoutes: [{ platform: 'x', method: 'GET', path: '/x/2/tweets/search/recent', count: 1 }],
  });
});
