import { afterAll, describe, expect, test } from 'vitest';
import type { ServerRules } from '../port/account.ts';
import { openTestClient, startPublication, startRoutes } from '../test-platform.ts';
import { mastodon } from './index.ts';
import { testEndpoints } from '../test-endpoints.ts';

const client = openTestClient('mastodon');
afterAll(() => client[Symbol.asyncDispose]());

const endpoints = testEndpoints();
const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: mastodon,
    endpoints,
    client,
    account: { externalId: '7', handle: 'ada@i', service: origin },
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const post = 'POST /api/v1/statuses';
const list = 'GET /api/v1/accounts/7/statuses';

describe('connecting', () => {
  const connect = (instance: string) =>
    mastodon.manual?.connect({
      endpoints,
      http: client.http(),
      credentials: { instance, accessToken: 'token' },
      now: new Date(),
    });
  const me = () => ({ json: { id: '7', username: 'ada', acct: 'ada', display_name: 'Ada' } });

  test('learns who it is and what the instance allows', async () => {
    const statuses = { max_characters: 5_000, max_media_attachments: 4, characters_reserved_per_url: 40 };
    await using server = await startRoutes({
      'GET /api/v1/accounts/verify_credentials': me,
      'GET /api/v2/instance': () => ({ json: { configuration: { statuses } } }),
    });
    const serverRules: ServerRules = { textMax: 5_000, urlCharacters: 40, media: { countMax: 4 } };
    expect(await connect(`${server.origin}/@ada`)).toEqual({
      credentials: { accessToken: 'token', scopes: [] },
      service: server.origin,
      accounts: [{ externalId: '7', handle: `ada@127.0.0.1:${server.port}`, displayName: 'Ada', serverRules }],
    });
    const account = { externalId: '7', handle: 'ada', service: server.origin, serverRules };
    expect(mastodon.validate({ text: 'a'.repeat(5_000), options: {}, media: [] }, account)).toEqual([]);
    expect(mastodon.validate({ text: 'a'.repeat(5_001), options: {}, media: [] }, account)).toHaveLength(1);
  });

  test.each([
    { status: 404, json: {} },
    { json: {} },
    { json: { configuration: { statuses: { max_characters: -1 } } } },
  ])('goes by the defaults where the instance does not tell (%j)', async (answer) => {
    await using server = await startRoutes({
      'GET /api/v1/accounts/verify_credentials': me,
      'GET /api/v2/instance': () => answer,
    });
    expect((await connect(server.origin))?.accounts[0]).not.toHaveProperty('serverRules');
  });

  test('is refused with a token that the instance does not know', async () => {
    await using server = await startRoutes({
      'GET /api/v1/accounts/verify_credentials': () => ({
        status: 401,
        json: { error: 'The access token is invalid' },
      }),
    });
    await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'auth_revoked' });
  });
});

describe('publishing', () => {
  test('sends every run under the same key', async () => {
    await using server = await startRoutes({
      [post]: () => ({ json: { id: '11', url: 'https://i/@ada/11', uri: 'x' } }),
    });
    const one = publication(server.origin, 'hi', {
      visibility: 'unlisted',
      spoilerText: 'cw',
      language: 'en',
      sensitive: true,
    });
    expect(await one.publish()).toEqual({ kind: 'published', platformPostId: '11', url: 'https://i/@ada/11' });
    one.forget('publish');
    await one.publish();
    await publication(server.origin, 'hi').publish();

    const [first, second, other] = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(first).toBe(`vibetribe-${one.publicationId}`);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      status: 'hi',
      visibility: 'unlisted',
      spoiler_text: 'cw',
      language: 'en',
      sensitive: true,
    });
  });

  test.each([
    [{ id: '1', url: null, uri: 'https://i/1' }, 'https://i/1'],
    [{ id: '1', url: 'javascript:alert(1)' }, null],
  ])('links to web pages only (%j)', async (json, url) => {
    await using server = await startRoutes({ [post]: () => ({ json }) });
    expect(await publication(server.origin, 'hi').publish()).toMatchObject({ url });
  });
});

test('the content warning counts towards the limit', () => {
  const account = { externalId: '7', handle: 'ada', service: null };
  const codes = (spoilerText: string) =>
    mastodon.validate({ text: 'a'.repeat(490), options: { spoilerText }, media: [] }, account).map(({ code }) => code);
  expect(codes('a'.repeat(10))).toEqual([]);
  expect(codes('a'.repeat(11))).toEqual(['text_too_long']);
});

describe('looking for a post in doubt', () => {
  async function findingOf(
    text: string,
    statuses: (sentAt: number) => object[],
    options = {},
    takenPostIds = new Set<string>(),
  ) {
    let sentAt = 0;
    await using server = await startRoutes({
      [post]: () => ({ status: 503, json: {} }),
      [list]: ({ query }) => {
        const all = statuses(sentAt);
        const from =
          query['max_id'] === undefined
            ? 0
            : all.findIndex((status) => 'id' in status && status.id === query['max_id']) + 1;
        return { json: all.slice(from, from + Number(query['limit'])) };
      },
    });
    const sent = publication(server.origin, text, options);
    await expect(sent.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    sentAt = sent.intents.get('publish')?.startedAt.getTime() ?? 0;
    return await sent.reconcile({ takenPostIds });
  }
  const status = (id: string, at: number, content: string, more = {}) => ({
    id,
    created_at: new Date(at).toISOString(),
    content,
    url: `https://i/${id}`,
    ...more,
  });

  test('finds it by its text behind forty others', async () => {
    const others = (sentAt: number) =>
      Array.from({ length: 45 }, (_, n) => status(String(100 - n), sentAt + 9_000 - n, '<p>other</p>'));
    const finding = await findingOf('a & b', (sentAt) => [
      ...others(sentAt),
      status('5', sentAt + 10, '<p>a &amp; b</p>'),
    ]);
    expect(finding).toMatchObject({ kind: 'found', platformPostId: '5', url: 'https://i/5' });
  });

  test('finds it behind 399 others; behind more a person has to look', async () => {
    const behind = (count: number) => (sentAt: number) => [
      ...Array.from({ length: count }, (_, n) => status(String(1_000 - n), sentAt + 9_000 - n, '<p>other</p>')),
      status('5', sentAt + 10, '<p>hi</p>'),
    ];
    expect(await findingOf('hi', behind(399))).toMatchObject({ kind: 'found', platformPostId: '5' });
    expect(await findingOf('hi', behind(400))).toMatchObject({ kind: 'cannot_tell' });
  });

  test('takes the oldest, never one of another publication, of another time or with another warning', async () => {
    const both = (sentAt: number) => [status('6', sentAt + 20, '<p>hi</p>'), status('5', sentAt + 10, '<p>hi</p>')];
    expect(await findingOf('hi', both)).toMatchObject({ platformPostId: '5' });
    expect(await findingOf('hi', both, {}, new Set(['5']))).toMatchObject({ platformPostId: '6' });
    expect(await findingOf('hi', both, { spoilerText: 'cw' })).toMatchObject({ kind: 'not_seen' });
    const warned = (sentAt: number) => [status('6', sentAt, '<p>hi</p>', { spoiler_text: 'cw' })];
    expect(await findingOf('hi', warned, { spoilerText: 'cw' })).toMatchObject({ platformPostId: '6' });
    expect(await findingOf('hi', (sentAt) => [status('5', sentAt - 301_000, '<p>hi</p>')])).toMatchObject({
      kind: 'not_seen',
    });
  });
});
