import { afterAll, describe, expect, test } from 'vitest';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { discord } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

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
