import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterAccount } from '../port/account.ts';
import { openTestClient, startPublication, startRoutes } from '../test-platform.ts';
import { x } from './index.ts';

const client = openTestClient('x');
afterAll(() => client[Symbol.asyncDispose]());

const account: AdapterAccount = { externalId: '7', handle: 'ada', service: null };
const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: x,
    endpoints: { api: origin, authorize: null, client: null },
    client,
    account,
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const created = { status: 201, json: { data: { id: '19', text: 'hi', edit_history_post_ids: ['19'] } } };

describe('publishing', () => {
  test('sends the text and nothing that X does not know', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => created });

    expect(await publication(server.origin, 'hi').publish()).toEqual({
      kind: 'published',
      platformPostId: '19',
      url: 'https://x.com/ada/status/19',
    });
    await publication(server.origin, 'hi', { replySettings: 'following' }).publish();

    expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([
      { text: 'hi' },
      { text: 'hi', reply_settings: 'following' },
    ]);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer token');
  });

  test('a finished publication sends nothing when it runs again', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => created });
    const post = publication(server.origin, 'hi');
    expect(await post.publish()).toEqual(await post.publish());
    expect(server.seen).toHaveLength(1);
  });

  test('an accepted post without an id is in doubt', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => ({ status: 201, json: { data: {} } }) });
    await expect(publication(server.origin, 'hi').publish()).rejects.toMatchObject({
      kind: 'ambiguous',
      platformCode: 'http_201',
    });
  });
});

describe('looking for a post in doubt', () => {
  /** Sends into an error, then lists what `posts` makes of the time of the send. */
  async function findingOf(text: string, pages: (sentAt: number) => object[][], takenPostIds = new Set<string>()) {
    let sentAt = 0;
    await using server = await startRoutes({
      'POST /2/tweets': () => ({ status: 500, json: {} }),
      'GET /2/users/7/tweets': ({ query }) => {
        const page = Number(query['pagination_token'] ?? 0);
        const all = pages(sentAt);
        const meta = page + 1 < all.length ? { next_token: String(page + 1) } : {};
        return { json: { data: all[page], meta } };
      },
    });
    const post = publication(server.origin, text);
    await expect(post.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    sentAt = post.intents.get('publish')?.startedAt.getTime() ?? 0;
    const finding = await post.reconcile({ takenPostIds });
    return { finding, listings: server.seen.filter(({ route }) => route.startsWith('GET')) };
  }
  const at = (ms: number) => new Date(ms).toISOString();

  test('finds it on a later page, by its text', async () => {
    const { finding, listings } = await findingOf('hi https://a.example', (sentAt) => [
      [{ id: '30', text: 'other', created_at: at(sentAt + 5_000) }],
      [
        {
          id: '20',
          text: 'hi https://t.co/q',
          created_at: at(sentAt + 900),
          entities: { urls: [{ url: 'https://t.co/q', expanded_url: 'https://a.example' }] },
        },
      ],
    ]);
    expect(finding).toMatchObject({ kind: 'found', platformPostId: '20', url: 'https://x.com/ada/status/20' });
    expect(listings[0]?.query).toMatchObject({
      'tweet.fields': 'created_at,text,entities,attachments',
      exclude: 'retweets',
    });
    expect(listings[0]?.query['start_time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u);
  });

  test('takes the oldest of several, and never one that belongs to another publication', async () => {
    const pages = (sentAt: number) => [
      [
        { id: '23', text: 'hi', created_at: at(sentAt + 3_000) },
        { id: '22', text: 'hi', created_at: at(sentAt + 2_000) },
        { id: '21', text: 'hi', created_at: at(sentAt + 1_000) },
      ],
    ];
    expect((await findingOf('hi', pages)).finding).toMatchObject({ platformPostId: '21' });
    expect((await findingOf('hi', pages, new Set(['21']))).finding).toMatchObject({ platformPostId: '22' });
    expect((await findingOf('hi', pages, new Set(['21', '22', '23']))).finding).toMatchObject({ kind: 'not_seen' });
  });

  test('does not take a post from before the send', async () => {
    const { finding } = await findingOf('hi', (sentAt) => [[{ id: '9', text: 'hi', created_at: at(sentAt - 61_000) }]]);
    expect(finding.kind).toBe('not_seen');
  });

  test('says so where the account has posted nothing', async () => {
    let listing: unknown = { meta: { result_count: 0 } };
    await using server = await startRoutes({
      'POST /2/tweets': () => ({ status: 502, json: {} }),
      'GET /2/users/7/tweets': () => ({ json: listing }),
    });
    const post = publication(server.origin, 'hi');
    await expect(post.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await post.reconcile()).toMatchObject({ kind: 'not_seen' });
    listing = 'maintenance';
    await expect(post.reconcile()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
