import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterAccount } from '../port/account.ts';
import type { JsonValue } from '../port/json-value.ts';
import type { LastPost } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { x } from './index.ts';

const client = openTestClient('x');
afterAll(() => client[Symbol.asyncDispose]());

const account: AdapterAccount = { externalId: '7', handle: 'ada', service: null };
const hourMs = 3_600_000;

interface Post {
  id: string;
  text: string;
  created_at?: string;
  [field: string]: unknown;
}

interface Scene {
  text?: string;
  /** On X before the send. */
  before?: Post[];
  /** What is new after it, newest first, by X's time of the send. */
  after?: (sentAtMs: number) => Post[];
  /** How far our clock is ahead of X's, at the send and when it is asked. */
  ourClockAheadMs?: number;
  ourClockAheadAtSendMs?: number;
  pageSize?: number;
  lastPost?: LastPost;
  results?: Record<string, JsonValue>;
  query?: Partial<ReconcileQuery>;
  /** Answers instead of the list. */
  listing?: (request: SeenRequest, posts: Post[]) => { status?: number; json: unknown } | undefined;
  /** Posts that can be read one by one. */
  single?: Record<string, object>;
}

const at = (ms: number) => new Date(ms).toISOString();

/** Sends into an error, and then asks. */
async function lookFor(scene: Scene): Promise<{ finding: ReconcileFinding; seen: SeenRequest[] }> {
  let posts = scene.before ?? [];
  const list = (request: SeenRequest) => {
    const told = scene.listing?.(request, posts);
    if (told !== undefined) return told;
    const { since_id: sinceId, pagination_token: token, max_results: max } = request.query;
    const shown = posts.filter(({ id }) => sinceId === undefined || BigInt(id) > BigInt(sinceId));
    const from = Number(token ?? 0);
    const size = Math.min(Number(max), scene.pageSize ?? 100);
    const data = shown.slice(from, from + size);
    const meta = from + size < shown.length ? { next_token: String(from + size) } : {};
    return { json: data.length === 0 ? { meta } : { data, meta } };
  };
  await using server = await startRoutes({
    'POST /2/tweets': () => ({ status: 500, json: {} }),
    'GET /2/users/7/tweets': list,
    ...Object.fromEntries(
      Object.entries(scene.single ?? {}).map(([id, json]) => [`GET /2/tweets/${id}`, () => ({ json })]),
    ),
  });
  const publication = startPublication({
    adapter: x,
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account,
    accessToken: 'token',
    content: { text: scene.text ?? 'hi', options: {}, media: [] },
    ...(scene.lastPost === undefined ? {} : { lastPost: scene.lastPost }),
  });
  Object.assign(publication.results, scene.results ?? {});
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  const intent = publication.intents.get('publish');
  if (intent === undefined) throw new Error('nothing was sent');
  const sentAtMs = intent.startedAt.getTime();
  posts = [...(scene.after?.(sentAtMs) ?? []), ...(scene.before ?? [])];
  const ahead = scene.ourClockAheadMs ?? 0;
  const finding = await publication.reconcile({
    intent: { ...intent, startedAt: new Date(sentAtMs + (scene.ourClockAheadAtSendMs ?? ahead)) },
    askedAt: new Date(Date.now() + ahead),
    ...scene.query,
  });
  return { finding, seen: server.seen };
}

const findingOf = async (scene: Scene) => (await lookFor(scene)).finding;
const ours = (sentAtMs: number, fields: Partial<Post> = {}) => [
  { id: '20', text: 'hi', created_at: at(sentAtMs), ...fields },
];

describe('what is looked for', () => {
  test('is found on a later page, by its text', async () => {
    const { finding, seen } = await lookFor({
      text: 'hi https://a.example',
      pageSize: 1,
      after: (sentAtMs) => [
        { id: '30', text: 'other', created_at: at(sentAtMs + 5_000) },
        {
          id: '20',
          text: 'hi https://t.co/q',
          created_at: at(sentAtMs + 900),
          entities: { urls: [{ url: 'https://t.co/q', expanded_url: 'https://a.example' }] },
        },
      ],
    });
    expect(finding).toMatchObject({ kind: 'found', platformPostId: '20', url: 'https://x.com/ada/status/20' });
    const listings = seen.filter(({ route }) => route === 'GET /2/users/7/tweets');
    expect(listings.at(-1)?.query).toMatchObject({
      'tweet.fields': 'created_at,text,entities,attachments,note_tweet',
      exclude: 'retweets',
    });
  });

  test('is the oldest of several, and never one that belongs to another publication', async () => {
    const after = (sentAtMs: number) =>
      ['23', '22', '21'].map((id, index) => ({ id, text: 'hi', created_at: at(sentAtMs + 3_000 - index * 1_000) }));
    const taken = (...ids: string[]) => ({ query: { takenPostIds: new Set(ids) } });
    expect(await findingOf({ after })).toMatchObject({ platformPostId: '21' });
    expect(await findingOf({ after, ...taken('21') })).toMatchObject({ platformPostId: '22' });
    expect(await findingOf({ after, ...taken('21', '22', '23') })).toMatchObject({ kind: 'not_seen' });
  });

  test('is not a post of the same text from before the send', async () => {
    const before = [{ id: '9', text: 'hi', created_at: at(Date.now()) }];
    expect(await findingOf({ before })).toEqual({
      kind: 'not_seen',
      evidence: 'none of 0 posts after post 9 is this one',
    });
  });

  test.each([-400_000, -90_000, 90_000, 400_000, 26 * hourMs])(
    'does not hang on our clock: %i ms ahead of X’s',
    async (ourClockAheadMs) => {
      const scene = { ourClockAheadMs, before: [{ id: '9', text: 'hi', created_at: at(Date.now()) }] };
      expect(await findingOf({ ...scene, after: ours })).toMatchObject({ kind: 'found', platformPostId: '20' });
      expect(await findingOf(scene)).toMatchObject({ kind: 'not_seen' });
    },
  );

  test('nor on a clock that was set right between the send and the question', async () => {
    const scene = { ourClockAheadMs: 0, ourClockAheadAtSendMs: 400_000 };
    expect(await findingOf({ ...scene, after: ours })).toMatchObject({ kind: 'found', platformPostId: '20' });
  });

  test.each([-400_000, 90_000, 400_000])(
    'where X does not tell what is there before the send, its Date header corrects ours: %i ms ahead',
    async (ourClockAheadMs) => {
      const listing = ({ query }: SeenRequest) =>
        query['max_results'] === '5' ? { status: 503, json: {} } : undefined;
      const early = (sentAtMs: number) => ours(sentAtMs, { created_at: at(sentAtMs - 120_000) });
      expect(await findingOf({ listing, ourClockAheadMs, after: ours })).toMatchObject({ kind: 'found' });
      expect(await findingOf({ listing, ourClockAheadMs, after: early })).toMatchObject({ kind: 'not_seen' });
    },
  );

  test('a list that is called a success and has errors in the place of posts shows nothing', async () => {
    const errors = [{ title: 'Internal Error', type: 'about:blank' }];
    await expect(lookFor({ listing: () => ({ json: { errors } }), after: ours })).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('is asked for with one cheap question, and none where the last post was seen just now', async () => {
    const questions = async (scene: Scene) => {
      const { seen } = await lookFor(scene);
      return seen
        .slice(
          0,
          seen.findIndex(({ route }) => route.startsWith('POST')),
        )
        .map(({ query }) => query);
    };
    expect(await questions({})).toEqual([{ max_results: '5' }]);
    expect(await questions({ lastPost: { id: '12', ageMs: 3 * hourMs } })).toEqual([
      { max_results: '5', since_id: '12' },
    ]);
    expect(await questions({ lastPost: { id: '12', ageMs: 30_000 } })).toEqual([]);
  });
});

describe('what X makes of a text', () => {
  test.each([
    ['quotes', `"it's" <b> & 'so'`, '&#34;it&#39;s&#34; &lt;b&gt; &amp; &#x27;so&#x27;'],
    ['a family without its joiners', 'us 👨‍👩‍👧 today', 'us 👨👩👧 today'],
    ['an emoji without its selector', 'love ❤️ you', 'love ❤ you'],
    ['invisible marks', 'a\u200Bb\u00ADc\uFEFF', 'abc'],
  ])('%s', async (_what, text, shown) => {
    const after = (sentAtMs: number) => ours(sentAtMs, { text: shown });
    expect(await findingOf({ text, after })).toMatchObject({ kind: 'found', platformPostId: '20' });
  });

  test('that we do not know is a doubt, and no absence', async () => {
    const text = 'The quick brown fox jumps over the lazy dog';
    const after = (sentAtMs: number) => ours(sentAtMs, { text: 'THE QUICK — brown fox, jumps over the lazy… dog' });
    expect(await findingOf({ text, after })).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('20') });
    const other = (sentAtMs: number) => ours(sentAtMs, { text: 'Lunch was excellent today' });
    expect(await findingOf({ text, after: other })).not.toHaveProperty('doubt');
  });
});

describe('a post with an image', () => {
  const upload = { id: '5', mediaKey: '3_5', expiresAt: at(Date.now() + hourMs) };
  const results = { 'media 1 (abc): upload': upload };
  const listed = (fields: Partial<Post>) => ({ results, after: (sentAtMs: number) => ours(sentAtMs, fields) });

  test('is found by the key of its image', async () => {
    const keyed = listed({ text: 'other', attachments: { media_keys: ['3_5'] } });
    expect(await findingOf(keyed)).toMatchObject({ kind: 'found' });
    const named = { url: 'https://t.co/m', expanded_url: 'https://x.com/i/20/photo/1', media_key: '3_5' };
    expect(await findingOf(listed({ text: 'hi https://t.co/m', entities: { urls: [named] } }))).toMatchObject({
      kind: 'found',
    });
  });

  test('is found by its text in a list without attachments', async () => {
    expect(await findingOf(listed({ text: 'hi https://t.co/m' }))).toMatchObject({ kind: 'found' });
    expect(await findingOf(listed({ text: 'hi' }))).toMatchObject({ kind: 'found' });
  });

  test('is not one of the same text with another image', async () => {
    const other = await findingOf(listed({ attachments: { media_keys: ['3_6'] } }));
    expect(other).toMatchObject({ kind: 'not_seen' });
    expect(other).not.toHaveProperty('doubt');
  });

  test('and without text may be any that shows neither', async () => {
    expect(await findingOf({ ...listed({ text: 'https://t.co/m' }), text: '' })).toMatchObject({
      kind: 'not_seen',
      doubt: expect.stringContaining('20'),
    });
  });
});

describe('a list', () => {
  test('under the other name of the fields is asked for where X refuses the first', async () => {
    const listing = ({ query }: SeenRequest) =>
      'tweet.fields' in query ? { status: 400, json: { title: 'Invalid Request' } } : undefined;
    expect(await findingOf({ listing, after: ours })).toMatchObject({ kind: 'found' });
    expect(await findingOf({ listing })).toMatchObject({ kind: 'not_seen' });
  });

  test('without what it was asked for: the other name is tried', async () => {
    const bare = ({ id, text }: Post) => ({ id, text });
    const listing = ({ query }: SeenRequest, posts: Post[]) =>
      'post.fields' in query ? undefined : { json: { data: posts.map(bare), meta: {} } };
    const link = { url: 'https://t.co/q', expanded_url: 'https://a.example' };
    const after = (sentAtMs: number) => ours(sentAtMs, { text: 'https://t.co/q', entities: { urls: [link] } });
    expect(await findingOf({ text: 'https://a.example', listing, after })).toMatchObject({ kind: 'found' });
  });

  test('that leaves it out under both names cannot tell', async () => {
    const bare = ({ id, text }: Post) => ({ id, text });
    const listing = (_request: SeenRequest, posts: Post[]) => ({ json: { data: posts.map(bare), meta: {} } });
    const after = (sentAtMs: number) => ours(sentAtMs, { text: 'https://t.co/q' });
    expect(await findingOf({ text: 'https://a.example', listing, after })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('that leaves out a post of ours which is there proves nothing', async () => {
    const query = { knownSince: ['25'], takenPostIds: new Set(['25']) };
    expect(await findingOf({ query, single: { '25': { data: { id: '25' } } } })).toMatchObject({
      kind: 'inconclusive',
    });
    expect(await findingOf({ query, single: { '25': { errors: [{}] } } })).toMatchObject({ kind: 'not_seen' });
    const old = { query: { ...query, knownSince: ['8'] }, before: [{ id: '9', text: 'old' }] };
    expect(await findingOf({ ...old, single: { '8': { data: { id: '8' } } } })).toMatchObject({ kind: 'not_seen' });
  });

  test('is followed to its end, over short and empty pages', async () => {
    let page = 0;
    const listing = ({ query }: SeenRequest, posts: Post[]) => {
      if (query['max_results'] === '5') return { json: { meta: {} } };
      page += 1;
      if (page < 12) return { json: { meta: { next_token: String(page), result_count: 0 } } };
      return { json: { data: posts, meta: {} } };
    };
    expect(await findingOf({ listing, after: ours })).toMatchObject({ kind: 'found' });
  });

  test('without an end that is read cannot tell', async () => {
    const listing = ({ query }: SeenRequest, posts: Post[]) =>
      query['max_results'] === '5' ? { json: { meta: {} } } : { json: { data: posts, meta: { next_token: 'more' } } };
    const after = (sentAtMs: number) => ours(sentAtMs, { text: 'other' });
    expect(await findingOf({ listing, after })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('that cannot be read is asked for again', async () => {
    const listing = () => ({ json: 'maintenance' });
    await expect(findingOf({ listing })).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
