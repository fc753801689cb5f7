import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openTestClient, startPublication, startRoutes } from '../test-platform.ts';
import { discord } from './index.ts';
import { snowflakeAt } from './snowflake.ts';
import { testEndpoints } from '../test-endpoints.ts';

const client = openTestClient('discord');
afterAll(() => client[Symbol.asyncDispose]());

const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: discord,
    endpoints: testEndpoints({ api: origin }),
    client,
    account: { externalId: '7', handle: '#news', service: null },
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const channel = 'GET /api/v10/channels/7';
const post = 'POST /api/v10/channels/7/messages';
const list = 'GET /api/v10/channels/7/messages';
const me = 'GET /api/v10/users/@me';
const inGuild = { [channel]: () => ({ json: { id: '7', type: 0, guild_id: '5' } }) };
const sent = ({ seen }: { seen: { route: string; body: string }[] }) =>
  seen.filter(({ route }) => route === post).map(({ body }) => JSON.parse(body));

describe('publishing', () => {
  test('sends every run under the same nonce, and mentions nobody', async () => {
    await using server = await startRoutes({ ...inGuild, [post]: () => ({ json: { id: '11' } }) });
    const one = publication(server.origin, 'hi @everyone', { suppressEmbeds: true });
    const url = 'https://discord.com/channels/5/7/11';
    expect(await one.publish()).toEqual({ kind: 'published', platformPostId: '11', url });
    one.forget('publish');
    await one.publish();
    await publication(server.origin, 'hi').publish();

    const [first, second, other] = sent(server);
    expect(first).toEqual({
      content: 'hi @everyone',
      nonce: expect.stringMatching(/^[\w-]{22}$/),
      enforce_nonce: true,
      allowed_mentions: { parse: [] },
      flags: 4,
    });
    expect(second).toEqual(first);
    expect(other.nonce).not.toBe(first.nonce);
    expect(other).not.toHaveProperty('flags');
  });

  test('asks for the guild once, and before anything can be in doubt', async () => {
    await using server = await startRoutes({ ...inGuild, [post]: () => ({ status: 429, json: { retry_after: 1 } }) });
    const one = publication(server.origin, 'hi');
    await expect(one.publish()).rejects.toMatchObject({ kind: 'rate_limit' });
    await expect(one.publish()).rejects.toMatchObject({ kind: 'rate_limit' });
    expect(server.seen.map(({ route }) => route)).toEqual([channel, post, post]);
  });

  test('of a channel that is gone sends nothing', async () => {
    const json = { message: 'Unknown Channel', code: 10_003 };
    await using server = await startRoutes({ [channel]: () => ({ status: 404, json }), [post]: () => ({ json: {} }) });
    await expect(publication(server.origin, 'hi').publish()).rejects.toMatchObject({ kind: 'not_found' });
    expect(sent(server)).toEqual([]);
  });

  test('an answer without an id is in doubt', async () => {
    await using server = await startRoutes({ ...inGuild, [post]: () => ({ json: {} }) });
    await expect(publication(server.origin, 'hi').publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  });
});

describe('looking for a message in doubt', () => {
  interface Listed {
    id: string;
    content: string;
    author: { id: string };
    nonce?: string | number;
  }
  /** Sends into an error, then lists what `listed` makes of the time of the send and the nonce it was sent under. */
  async function findingOf(
    text: string,
    listed: (at: (ms: number) => string, nonce: string) => Listed[],
    taken: string[] = [],
  ) {
    let messages: Listed[] = [];
    await using server = await startRoutes({
      ...inGuild,
      [post]: () => ({ status: 500, json: {} }),
      [me]: () => ({ json: { id: '3', username: 'bot' } }),
      [list]: ({ query }) => {
        const above = messages.filter(({ id }) => BigInt(id) > BigInt(query['after'] ?? 0));
        return { json: above.slice(0, Number(query['limit'])).toReversed() };
      },
    });
    const one = publication(server.origin, text);
    await expect(one.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    const startedAtMs = one.intents.get('publish')?.startedAt.getTime() ?? 0;
    const nonce = z.string().parse(one.intents.get('publish')?.key);
    messages = listed((ms) => String(snowflakeAt(new Date(startedAtMs + ms))), nonce);
    const finding = await one.reconcile({ takenPostIds: new Set(taken.map((ms) => messages[Number(ms)]?.id ?? '')) });
    return { finding, messages, asked: server.seen.filter(({ route }) => route === list).length };
  }
  const mine = { author: { id: '3' } };

  test('finds it behind a hundred others, by this bot and with its text', async () => {
    const { finding, messages, asked } = await findingOf('hi  there\n', (at) => [
      ...Array.from({ length: 100 }, (_, n) => ({ id: at(n), content: 'hi there', author: { id: '4' } })),
      { id: at(500), content: 'hi there', ...mine },
    ]);
    const { id } = messages[100] ?? {};
    expect(finding).toMatchObject({
      kind: 'found',
      platformPostId: id,
      url: `https://discord.com/channels/5/7/${id}`,
      evidence: expect.stringMatching(/ of 20\d\d-\S+Z is by this bot and has this text$/),
    });
    expect(asked).toBe(3);
  });

  test('takes the oldest, never one of another publication or from over a minute before', async () => {
    const three = (at: (ms: number) => string) => [
      { id: at(-61_000), content: 'hi', ...mine },
      { id: at(-59_000), content: 'hi', ...mine },
      { id: at(10), content: 'hi', ...mine },
    ];
    const oldest = await findingOf('hi', three);
    expect(oldest.finding).toMatchObject({ platformPostId: oldest.messages[1]?.id });
    const other = await findingOf('hi', three, ['1']);
    expect(other.finding).toMatchObject({ platformPostId: other.messages[2]?.id });
    expect((await findingOf('hi', three, ['1', '2'])).finding).toMatchObject({ kind: 'not_seen' });
  });

  test('goes by the nonce where Discord gives it back', async () => {
    const { finding, messages } = await findingOf('hi', (at, nonce) => [
      { id: at(10), content: 'hi', nonce: 17, ...mine },
      { id: at(20), content: 'hi, edited since', nonce, ...mine },
    ]);
    expect(finding).toMatchObject({
      platformPostId: messages[1]?.id,
      evidence: expect.stringMatching(/has this nonce$/),
    });
  });

  test('does not say that it is absent before it has seen everything', async () => {
    const { finding } = await findingOf('hi', (at) =>
      Array.from({ length: 1_001 }, (_, n) => ({ id: at(n), content: 'other', author: { id: '4' } })),
    );
    expect(finding).toMatchObject({ kind: 'cannot_tell' });
  });
});

test('an empty text, a long one and an unknown option are faults', () => {
  const codes = (text: string, options = {}) =>
    discord
      .validate({ text, options, media: [] }, { externalId: '7', handle: '#news', service: null })
      .map(({ code }) => code);
  expect(codes('😀'.repeat(2_000))).toEqual([]);
  expect(codes('😀'.repeat(2_001))).toEqual(['text_too_long']);
  expect(codes(' \n')).toEqual(['text_missing']);
  expect(codes('hi', { colour: 'red' })).toEqual(['option_unknown']);
});
