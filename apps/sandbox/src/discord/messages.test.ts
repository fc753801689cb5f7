import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let news: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  news = await sandbox.account('discord', '#News & more');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Message = z.looseObject({ id: z.string(), content: z.string(), author: z.object({ id: z.string() }).loose() });

const call = (
  path: string,
  request: { method?: string; json?: unknown; as?: TestAccount; authorization?: string } = {},
) =>
  sandbox.send(`/discord/api/v10${path}`, {
    ...(request.method === undefined ? {} : { method: request.method }),
    ...(request.json === undefined ? {} : { json: request.json }),
    headers: { authorization: request.authorization ?? `Bot ${(request.as ?? news).accessToken}` },
  });
const messagesOf = (channel: TestAccount) => `/channels/${channel.account.id}/messages`;
const post = (json: object, as: TestAccount = news) => call(messagesOf(as), { json, as });
const posted = async (json: object, as?: TestAccount) => Message.parse((await post(json, as)).body);
const list = async (channel: TestAccount, query = '') =>
  z
    .array(Message)
    .parse((await call(`${messagesOf(channel)}?${query}`, { as: channel })).body)
    .map(({ id }) => id);

test('an account is a channel of the one server, and its token that of a bot of its own', async () => {
  expect(news).toMatchObject({
    account: { handle: 'news-more' },
    accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  });
  const channel = z.looseObject({ guild_id: z.string() }).parse((await call(`/channels/${news.account.id}`)).body);
  expect(channel).toMatchObject({ id: news.account.id, type: 0, name: 'news-more' });
  expect((await call(`/guilds/${channel.guild_id}`)).body).toMatchObject({ name: 'Sandbox' });
  expect((await call('/users/@me')).body).toMatchObject({ bot: true, username: 'news-more-bot' });
  expect((await call('/users/%40me')).body).toEqual((await call('/users/@me')).body);
  const again = await sandbox.account('discord', 'news-more');
  expect((await call('/users/@me', { as: again })).body).toEqual((await call('/users/@me')).body);
});

test('a message is made with 200, read without its nonce, shown to followers and deleted with 204', async () => {
  const reply = await post({ content: ' Hello <world> & @everyone\n', nonce: 17, flags: 4 | 64 });
  expect(reply).toMatchObject({ status: 200, body: { content: 'Hello <world> & @everyone', nonce: 17, flags: 4 } });
  const { id } = Message.parse(reply.body);
  const read = await call(`${messagesOf(news)}/${id}`);
  expect(read.body).toMatchObject({ id, channel_id: news.account.id, author: { bot: true } });
  expect(read.body).not.toHaveProperty('nonce');
  expect(read.body).not.toHaveProperty('guild_id');
  const { items } = z
    .object({ items: z.array(z.looseObject({ id: z.string(), url: z.string() })) })
    .parse((await sandbox.send('/_sandbox/posts?platform=discord')).body);
  const { url = '' } = items.find((item) => item.id === id) ?? {};
  expect(await (await fetch(url)).text()).toContain('Hello &#60;world&#62;');

  expect((await call(`${messagesOf(news)}/${id}`, { method: 'DELETE' })).status).toBe(204);
  expect(await call(`${messagesOf(news)}/${id}`)).toMatchObject({ status: 404, body: { code: 10_008 } });
});

test('an enforced nonce gives the same message for minutes, also to requests at once; another bot or no enforcement does not', async () => {
  const keyed = { content: 'keyed', nonce: 'n-1', enforce_nonce: true };
  const replies = await Promise.all(Array.from({ length: 3 }, () => post(keyed)));
  const ids = new Set(replies.map(({ body }) => Message.parse(body).id));
  expect(ids.size).toBe(1);
  expect((await posted({ ...keyed, content: 'other' })).content).toBe('keyed');
  expect(ids).not.toContain((await posted(keyed, await sandbox.account('discord', 'other'))).id);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 170_000 } });
  expect(ids).toContain((await posted(keyed)).id);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 10_000 } });
  expect(ids).not.toContain((await posted(keyed)).id);
  const loose = { content: 'loose', nonce: 'n-2' };
  expect((await posted(loose)).id).not.toBe((await posted(loose)).id);
});

test('nonces and bots outlive a restart', async () => {
  const channel = await sandbox.account('discord', 'restarted');
  const keyed = { content: 'kept', nonce: 'n-3', enforce_nonce: true };
  const before = await posted(keyed, channel);
  await sandbox.restart();
  expect(await posted(keyed, channel)).toMatchObject({ id: before.id, author: before.author });
});

test.each<[string, object, number, object]>([
  ['no text', { content: ' \n ' }, 400, { code: 50_006, message: 'Cannot send an empty message' }],
  [
    '2001 characters',
    { content: '😀'.repeat(2001) },
    400,
    { code: 50_035, errors: { content: { _errors: [{ message: 'Must be 2000 or fewer in length.' }] } } },
  ],
  [
    'a nonce of 26',
    { content: 'n', nonce: 'n'.repeat(26) },
    400,
    { code: 50_035, errors: { nonce: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH' }] } } },
  ],
  ['eleven embeds', { embeds: Array(11).fill({ title: 't' }) }, 400, { code: 50_035, errors: { embeds: {} } }],
  [
    'a title of 257',
    { embeds: [{ title: 't'.repeat(257) }] },
    400,
    { code: 50_035, errors: { embeds: { '0': { title: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH' }] } } } } },
  ],
  [
    'an embed that shows nothing',
    { content: 'a', embeds: [{ color: 255, url: 'https://example.com' }] },
    400,
    {
      code: 50_035,
      errors: { embeds: { '0': { description: { _errors: [{ message: 'This field is required' }] } } } },
    },
  ],
  [
    'embeds of 6001 characters',
    { embeds: [{ description: 'd'.repeat(4000) }, { description: 'd'.repeat(2001) }] },
    400,
    { code: 50_035, errors: { embeds: { _errors: [{ message: 'Embed size exceeds maximum size of 6000' }] } } },
  ],
  ['a number as text', { content: 7 }, 400, { code: 50_035, errors: { content: {} } }],
])('%s is refused', async (what, body, status, error) => {
  const channel = await sandbox.account('discord', `refused ${what}`);
  expect(await post(body, channel)).toMatchObject({ status, body: error });
  expect(await list(channel)).toEqual([]);
});

test('embeds are a message, and are given back unless they are suppressed', async () => {
  const channel = await sandbox.account('discord', 'embeds');
  const embeds = [{ title: 'T', description: 'D', color: 255, fields: [{ name: 'n', value: 'v', inline: true }] }];
  expect(await posted({ embeds }, channel)).toMatchObject({ content: '', embeds: [{ type: 'rich', ...embeds[0] }] });
  expect(await posted({ embeds, content: 'Plain', flags: 4 }, channel)).toMatchObject({ embeds: [] });
  expect((await call(messagesOf(channel), { as: channel })).body).toMatchObject([
    { embeds: [] },
    { embeds: [{ title: 'T' }] },
  ]);
});

test('2000 code points are taken', async () => {
  expect((await post({ content: '😀'.repeat(2000) }, await sandbox.account('discord', 'long'))).status).toBe(200);
});

test('a bot is let in by its own token, to its own channel', async () => {
  const other = await sandbox.account('discord', 'elsewhere');
  expect(await call(messagesOf(other), { json: { content: 'x' } })).toMatchObject({
    status: 403,
    body: { code: 50_001 },
  });
  expect(await call('/channels/123456789012345678')).toMatchObject({ status: 404, body: { code: 10_003 } });
  for (const authorization of ['', 'Bot wrong', `Bearer ${news.accessToken}`, news.accessToken]) {
    expect(await call('/users/@me', { authorization })).toMatchObject({
      status: 401,
      body: { message: '401: Unauthorized', code: 0 },
    });
  }
  await sandbox.send('/_sandbox/tokens/revoke', { json: { platform: 'discord', account: 'elsewhere' } });
  expect((await call('/users/@me', { as: other })).status).toBe(401);
});

test('a channel is listed newest first, in pages directly after, before and around an id', async () => {
  const channel = await sandbox.account('discord', 'listed');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'discord', scale: 100 } });
  const ids: string[] = [];
  for (let index = 0; index < 6; index += 1) ids.unshift((await posted({ content: `number ${index}` }, channel)).id);
  expect(await list(channel)).toEqual(ids);
  expect(await list(channel, 'limit=2')).toEqual(ids.slice(0, 2));
  expect(await list(channel, `limit=2&after=${ids[4]}`)).toEqual(ids.slice(2, 4));
  expect(await list(channel, `limit=2&before=${ids[2]}`)).toEqual(ids.slice(3, 5));
  expect(await list(channel, `limit=3&around=${ids[3]}`)).toEqual(ids.slice(2, 5));
  expect(await call(`${messagesOf(channel)}?limit=101`, { as: channel })).toMatchObject({
    status: 400,
    body: { code: 50_035 },
  });
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'discord', scale: 1 } });
});

test('five messages in five seconds are allowed; the wait is told in body and headers', async () => {
  const channel = await sandbox.account('discord', 'fast');
  const replies = [];
  for (let index = 0; index < 6; index += 1) replies.push(await post({ content: `f${index}` }, channel));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
  expect(replies[0]?.headers.get('x-ratelimit-limit')).toBe('5');
  expect(replies[0]?.headers.get('x-ratelimit-remaining')).toBe('4');
  const refused = replies[5];
  const { retry_after: retryAfter } = z
    .object({ message: z.string(), retry_after: z.number(), global: z.literal(false) })
    .parse(refused?.body);
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(5);
  expect(refused?.headers.get('retry-after')).toBe(String(Math.ceil(retryAfter)));
  expect(refused?.headers.get('x-ratelimit-reset-after')).toBe(retryAfter.toFixed(3));
});

test("the bot's own limit is told as a global one", async () => {
  const channel = await sandbox.account('discord', 'busy');
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'discord', scale: 0.02 } });
  const replies = [await call('/users/@me', { as: channel }), await call('/users/@me', { as: channel })];
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'discord', scale: 1 } });
  expect(replies.map(({ status }) => status)).toEqual([200, 429]);
  expect(replies[1]).toMatchObject({ body: { global: true } });
  expect(replies[1]?.headers.get('x-ratelimit-global')).toBe('true');
});

test.each<[string, number, object]>([
  ['http-500', 500, { code: 0 }],
  ['permission', 403, { code: 50_013 }],
  ['token-expired', 401, { code: 0 }],
  ['token-revoked', 401, { code: 0 }],
  ['rate-limit', 429, { retry_after: 7 }],
])('%s answers %i in the words of Discord and does nothing', async (kind, status, body) => {
  const channel = await sandbox.account('discord', `fault-${kind}`);
  await sandbox.fault({ kind, platform: 'discord', account: channel.account.id, times: 1, retryAfterSeconds: 7 });
  expect(await post({ content: 'faulty' }, channel)).toMatchObject({ status, body });
  await sandbox.send('/_sandbox/faults', { method: 'DELETE' });
  expect(await list(channel)).toEqual([]);
});

test('what is not JSON and an unknown route get the answers of Discord', async () => {
  const headers = { authorization: `Bot ${news.accessToken}`, 'content-type': 'application/json' };
  const broken = await fetch(new URL(`/discord/api/v10${messagesOf(news)}`, sandbox.running.url), {
    method: 'POST',
    headers,
    body: '{',
  });
  expect([broken.status, await broken.json()]).toMatchObject([400, { code: 50_109 }]);
  expect(await call('/gateway')).toMatchObject({ status: 404, body: { message: '404: Not Found', code: 0 } });
  expect((await sandbox.send('/_sandbox/stats')).body).toMatchObject({
    unknownRoutes: [{ platform: 'discord', path: '/discord/api/v10/gateway' }],
  });
});
