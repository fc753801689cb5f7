import { afterAll, describe, expect, test } from 'vitest';
import type { JsonValue } from '../port/json-value.ts';
import type { ReconcileQuery } from '../port/reconcile.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { discord } from './index.ts';
import { DiscordKey } from './key.ts';
import { snowflakeAt } from './snowflake.ts';

const client = openTestClient('discord');
afterAll(() => client[Symbol.asyncDispose]());

const channel = 'GET /api/v10/channels/7';
const post = 'POST /api/v10/channels/7/messages';
const list = 'GET /api/v10/channels/7/messages';
const me = 'GET /api/v10/users/@me';

interface Listed {
  id: string;
  content: string;
  author: { id: string };
  nonce?: string | number;
  attachments?: { filename: string }[];
}

interface Scene {
  text?: string;
  /** What the channel tells before the send; absent: it does not tell. */
  newest?: (at: (ms: number) => string) => string | null;
  listed?: (at: (ms: number) => string, nonce: string) => Listed[];
  pageMax?: number;
  ourClockAheadMs?: number;
  ourClockAheadAtSendMs?: number;
  query?: (messages: Listed[]) => Partial<ReconcileQuery>;
  single?: (messages: Listed[]) => Record<string, object>;
}

/** Sends into an error, then lists what `listed` makes of the time of the send and the nonce it was sent under. */
async function lookFor(scene: Scene) {
  let messages: Listed[] = [];
  let single: Record<string, object> = {};
  const beforeMs = Date.now();
  const at = (ms: number) => String(snowflakeAt(new Date(beforeMs + ms)));
  const told = scene.newest === undefined ? {} : { last_message_id: scene.newest(at) };
  await using server = await startRoutes({
    [channel]: () => ({ json: { id: '7', type: 0, guild_id: '5', ...told } }),
    [post]: () => ({ status: 500, json: {} }),
    [me]: () => ({ json: { id: '3', username: 'bot' } }),
    [list]: ({ query }: SeenRequest) => {
      const above = messages.filter(({ id }) => BigInt(id) > BigInt(query['after'] ?? 0));
      return { json: above.slice(0, Math.min(Number(query['limit']), scene.pageMax ?? 100)).toReversed() };
    },
  });
  const one = startPublication({
    adapter: discord,
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account: { externalId: '7', handle: '#news', service: null },
    accessToken: 'token',
    content: { text: scene.text ?? 'hi', options: {}, media: [] },
  });
  await expect(one.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  const intent = one.intents.get('publish');
  if (intent === undefined) throw new Error('nothing was sent');
  messages = scene.listed?.(at, DiscordKey.parse(intent.key).nonce) ?? [];
  single = scene.single?.(messages) ?? {};
  const ahead = scene.ourClockAheadMs ?? 0;
  const http = client.http();
  const finding = await one.reconcile({
    intent: { ...intent, startedAt: new Date(intent.startedAt.getTime() + (scene.ourClockAheadAtSendMs ?? ahead)) },
    askedAt: new Date(Date.now() + ahead),
    http: {
      request: async (wanted) => {
        const id = new URL(wanted.url).pathname.split('/messages/')[1];
        const json = id === undefined ? undefined : single[id];
        const answer = await http.request(wanted);
        return json === undefined ? answer : { ...answer, status: 200, json };
      },
    },
    ...scene.query?.(messages),
  });
  return { finding, messages, asked: server.seen.filter(({ route }) => route === list).length };
}

const findingOf = async (scene: Scene) => (await lookFor(scene)).finding;
const mine = { author: { id: '3' } };
const somebody = { author: { id: '4' } };

describe('what is looked for', () => {
  test.each([100, 30])(
    'is found behind a hundred others, by this bot and with its text, on pages of %i',
    async (pageMax) => {
      const { finding, messages } = await lookFor({
        text: 'hi  there\n',
        pageMax,
        listed: (at) => [
          ...Array.from({ length: 100 }, (_, n) => ({ id: at(n), content: 'hi there', ...somebody })),
          { id: at(500), content: 'hi there', ...mine },
        ],
      });
      const { id } = messages[100] ?? {};
      expect(finding).toMatchObject({
        kind: 'found',
        platformPostId: id,
        url: `https://discord.com/channels/5/7/${id}`,
        evidence: expect.stringMatching(/ of 20\d\d-\S+Z is by this bot and has this text$/),
      });
    },
  );

  test('is the oldest after the newest message before the send, and never one of another publication', async () => {
    const listed = (at: (ms: number) => string) => [
      { id: at(-40), content: 'hi', ...mine },
      { id: at(10), content: 'hi', ...mine },
      { id: at(20), content: 'hi', ...mine },
    ];
    const newest = (at: (ms: number) => string) => at(-30);
    const taking = (...indexes: number[]) => ({
      query: (messages: Listed[]) => ({ takenPostIds: new Set(indexes.map((index) => messages[index]?.id ?? '')) }),
    });
    const oldest = await lookFor({ newest, listed });
    expect(oldest.finding).toMatchObject({ platformPostId: oldest.messages[1]?.id });
    const other = await lookFor({ newest, listed, ...taking(1) });
    expect(other.finding).toMatchObject({ platformPostId: other.messages[2]?.id });
    expect(await findingOf({ newest, listed, ...taking(1, 2) })).toMatchObject({ kind: 'not_seen' });
  });

  test.each([-400_000, 90_000, 400_000])(
    'does not hang on our clock: %i ms ahead of Discord’s',
    async (ourClockAheadMs) => {
      const listed = (at: (ms: number) => string) => [{ id: at(5), content: 'hi', ...mine }];
      const early = (at: (ms: number) => string) => [{ id: at(-70_000), content: 'hi', ...mine }];
      for (const newest of [undefined, () => null, (at: (ms: number) => string) => at(-600_000)]) {
        const scene = { ourClockAheadMs, ...(newest === undefined ? {} : { newest }) };
        expect(await findingOf({ ...scene, listed })).toMatchObject({ kind: 'found' });
      }
      expect(await findingOf({ ourClockAheadMs, listed: early })).toMatchObject({ kind: 'not_seen' });
    },
  );

  test('nor on a clock that was set right between the send and the question', async () => {
    const listed = (at: (ms: number) => string) => [{ id: at(5), content: 'hi', ...mine }];
    const newest = (at: (ms: number) => string) => at(-30);
    expect(await findingOf({ ourClockAheadAtSendMs: 400_000, newest, listed })).toMatchObject({ kind: 'found' });
  });

  test('is known by its nonce where Discord gives that back, and by the names of its files', async () => {
    const { finding, messages } = await lookFor({
      listed: (at, nonce) => [
        { id: at(10), content: 'hi', nonce: 17, ...mine },
        { id: at(20), content: 'hi, edited since', nonce, ...mine },
      ],
    });
    expect(finding).toMatchObject({
      platformPostId: messages[1]?.id,
      evidence: expect.stringMatching(/has this nonce$/),
    });
    const files = await lookFor({
      listed: (at, nonce) => [
        { id: at(10), content: 'hi', attachments: [{ filename: 'media-other-0.png' }], ...mine },
        { id: at(20), content: 'hi', attachments: [{ filename: `media-${nonce}-0.png` }], ...mine },
      ],
    });
    expect(files.finding).toMatchObject({ platformPostId: files.messages[1]?.id });
  });

  test('is not called absent before everything was seen', async () => {
    const listed = (at: (ms: number) => string) =>
      Array.from({ length: 5_100 }, (_, n) => ({ id: at(n), content: 'other', ...somebody }));
    expect(await findingOf({ listed })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('a message of the bot that reads alike is a doubt', async () => {
    const text = 'The quick brown fox jumps over the lazy dog';
    const listed = (at: (ms: number) => string) => [{ id: at(5), content: `${text} (fixed)`, ...mine }];
    expect(await findingOf({ text, listed })).toHaveProperty('doubt');
    expect(await findingOf({ text: 'Something else entirely', listed })).not.toHaveProperty('doubt');
  });

  test('a list that leaves out a message of ours which is there proves nothing', async () => {
    const known = String(snowflakeAt(new Date(Date.now() + 5_000)));
    const query = () => ({ knownSince: [known], takenPostIds: new Set([known]) });
    expect(await findingOf({ query, single: () => ({ [known]: {} }) })).toMatchObject({ kind: 'inconclusive' });
    expect(await findingOf({ query })).toMatchObject({ kind: 'not_seen' });
  });

  test('an intent from before, which has the nonce alone, is looked up by time', async () => {
    const key: JsonValue = 'an-older-nonce';
    const query = () => ({ intent: { step: 'publish', key, startedAt: new Date() }, results: { guild: '5' } });
    const { finding, messages } = await lookFor({ query, listed: (at) => [{ id: at(5), content: 'hi', ...mine }] });
    expect(finding).toMatchObject({ kind: 'found', url: `https://discord.com/channels/5/7/${messages[0]?.id}` });
  });
});
