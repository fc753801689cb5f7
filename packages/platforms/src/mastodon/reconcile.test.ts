import { afterAll, describe, expect, test } from 'vitest';
import type { ServerRules } from '../port/account.ts';
import type { JsonValue } from '../port/json-value.ts';
import type { LastPost } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { mastodon } from './index.ts';

const client = openTestClient('mastodon');
afterAll(() => client[Symbol.asyncDispose]());

const post = 'POST /api/v1/statuses';
const list = 'GET /api/v1/accounts/7/statuses';

interface Scene {
  text?: string;
  options?: Record<string, unknown>;
  software?: string;
  application?: string;
  before?: object[];
  /** New since the send, newest first. */
  after?: (sentAtMs: number) => object[];
  /** The most that the server puts on a page. */
  pageMax?: number;
  ourClockAheadMs?: number;
  ourClockAheadAtSendMs?: number;
  lastPost?: LastPost;
  results?: Record<string, JsonValue>;
  query?: Partial<ReconcileQuery>;
  listing?: (request: SeenRequest, all: object[]) => { status?: number; json: unknown } | undefined;
  single?: Record<string, object>;
}

const idOf = (one: object): string => ('id' in one ? String(one.id) : '');
const status = (id: string, atMs: number, content: string, more = {}) => ({
  id,
  created_at: new Date(atMs).toISOString(),
  content,
  url: `https://i/${id}`,
  ...more,
});

/** Sends into an error, and then asks. */
async function lookFor(scene: Scene): Promise<{ finding: ReconcileFinding; seen: SeenRequest[] }> {
  let all = scene.before ?? [];
  await using server = await startRoutes({
    [post]: () => ({ status: 503, json: {} }),
    [list]: (request) => {
      const told = scene.listing?.(request, all);
      if (told !== undefined) return told;
      const { max_id: maxId, limit } = request.query;
      const from = maxId === undefined ? 0 : all.findIndex((one) => idOf(one) === maxId) + 1;
      return { json: all.slice(from, from + Math.min(Number(limit), scene.pageMax ?? 40)) };
    },
    ...Object.fromEntries(
      Object.entries(scene.single ?? {}).map(([id, json]) => [`GET /api/v1/statuses/${id}`, () => ({ json })]),
    ),
  });
  const serverRules: ServerRules = {
    textMax: 500,
    urlCharacters: 23,
    software: scene.software ?? 'mastodon',
    ...(scene.application === undefined ? {} : { application: scene.application }),
  };
  const sent = startPublication({
    adapter: mastodon,
    endpoints: testEndpoints(),
    client,
    account: { externalId: '7', handle: 'ada@i', service: server.origin, serverRules },
    accessToken: 'token',
    content: { text: scene.text ?? 'hi', options: scene.options ?? {}, media: [] },
    ...(scene.lastPost === undefined ? {} : { lastPost: scene.lastPost }),
  });
  Object.assign(sent.results, scene.results ?? {});
  await expect(sent.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  const intent = sent.intents.get('publish');
  if (intent === undefined) throw new Error('nothing was sent');
  const sentAtMs = intent.startedAt.getTime();
  all = [...(scene.after?.(sentAtMs) ?? []), ...(scene.before ?? [])];
  const ahead = scene.ourClockAheadMs ?? 0;
  const finding = await sent.reconcile({
    intent: { ...intent, startedAt: new Date(sentAtMs + (scene.ourClockAheadAtSendMs ?? ahead)) },
    askedAt: new Date(Date.now() + ahead),
    ...scene.query,
  });
  return { finding, seen: server.seen };
}

const findingOf = async (scene: Scene) => (await lookFor(scene)).finding;
const ours = (sentAtMs: number) => [status('50', sentAtMs, '<p>hi</p>')];

describe('what is looked for', () => {
  const others = (count: number, atMs: number) =>
    Array.from({ length: count }, (_, n) => status(String(9_000 - n), atMs + 9_000 - n, '<p>something else</p>'));

  test.each([40, 20, 7, 1])('is found behind 45 others, on pages of %i', async (pageMax) => {
    const after = (sentAtMs: number) => [...others(45, sentAtMs), status('50', sentAtMs, '<p>a &amp; b</p>')];
    expect(await findingOf({ text: 'a & b', after, pageMax })).toMatchObject({
      kind: 'found',
      platformPostId: '50',
      url: 'https://i/50',
    });
  });

  test('is found behind 1,900 others; behind more a person has to look', async () => {
    const behind = (count: number) => (sentAtMs: number) => [...others(count, sentAtMs), ...ours(sentAtMs)];
    expect(await findingOf({ after: behind(1_900) })).toMatchObject({ kind: 'found', platformPostId: '50' });
    expect(await findingOf({ after: behind(2_100) })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('is the oldest, never one of another publication, of another time or with another warning', async () => {
    const both = (sentAtMs: number) => [status('60', sentAtMs + 20, '<p>hi</p>'), ...ours(sentAtMs)];
    expect(await findingOf({ after: both })).toMatchObject({ platformPostId: '50' });
    expect(await findingOf({ after: both, query: { takenPostIds: new Set(['50']) } })).toMatchObject({
      platformPostId: '60',
    });
    expect(await findingOf({ after: both, options: { spoilerText: 'cw' } })).toMatchObject({ kind: 'not_seen' });
    const warned = (sentAtMs: number) => [status('60', sentAtMs, '<p>hi</p>', { spoiler_text: 'cw' })];
    expect(await findingOf({ after: warned, options: { spoilerText: 'cw' } })).toMatchObject({ platformPostId: '60' });
    expect(await findingOf({ before: [status('40', Date.now(), '<p>hi</p>')] })).toMatchObject({ kind: 'not_seen' });
  });

  test.each([-400_000, 90_000, 400_000, 90_000_000])(
    'does not hang on our clock: %i ms ahead of the server’s',
    async (ourClockAheadMs) => {
      const scene = { ourClockAheadMs, before: [status('40', Date.now(), '<p>hi</p>')] };
      expect(await findingOf({ ...scene, after: ours })).toMatchObject({ kind: 'found', platformPostId: '50' });
      expect(await findingOf(scene)).toMatchObject({ kind: 'not_seen' });
    },
  );

  test('nor on a clock that was set right between the send and the question', async () => {
    const scene = { ourClockAheadAtSendMs: 900_000, before: [status('40', Date.now(), '<p>old</p>')] };
    expect(await findingOf({ ...scene, after: ours })).toMatchObject({ kind: 'found', platformPostId: '50' });
  });

  test('where ids do not rise as numbers, the list’s order tells', async () => {
    const before = [status('01H7', Date.now(), '<p>hi</p>')];
    const after = (sentAtMs: number) => [status('01A2', sentAtMs, '<p>hi</p>')];
    const scene = { before, software: 'gotosocial', ourClockAheadMs: 900_000 };
    expect(await findingOf({ ...scene, after })).toMatchObject({ kind: 'found', platformPostId: '01A2' });
    const none = await findingOf(scene);
    expect(none).toMatchObject({ kind: 'not_seen' });
    expect(none).not.toHaveProperty('doubt');
  });

  test('where the list cannot be read before the send, the Date header corrects our clock', async () => {
    const listing = ({ query }: SeenRequest) => (query['limit'] === '1' ? { status: 503, json: {} } : undefined);
    const early = (sentAtMs: number) => [status('50', sentAtMs - 400_000, '<p>hi</p>')];
    for (const ourClockAheadMs of [-600_000, 600_000]) {
      expect(await findingOf({ listing, ourClockAheadMs, after: ours })).toMatchObject({ kind: 'found' });
      expect(await findingOf({ listing, ourClockAheadMs, after: early })).toMatchObject({ kind: 'not_seen' });
    }
  });

  test('is asked for with one small question, and none where the last post was seen just now', async () => {
    const questions = async (scene: Scene) => {
      const { seen } = await lookFor(scene);
      return seen
        .slice(
          0,
          seen.findIndex(({ route }) => route === post),
        )
        .map(({ query }) => query);
    };
    expect(await questions({})).toEqual([{ limit: '1', exclude_reblogs: 'true' }]);
    expect(await questions({ lastPost: { id: '12', ageMs: 3_600_000 } })).toHaveLength(1);
    const lastPost = { id: '12', ageMs: 60_000 };
    expect(await questions({ lastPost })).toEqual([]);
    expect(await questions({ lastPost, software: 'unheard-of' })).toHaveLength(1);
  });
});

describe('a server that writes texts anew', () => {
  const text = '"Read this" - it\'s at https://blog.example/2026/a-long-title and *now*...';
  const rewritten = '<p>“Read this” – it’s at <a href="https://sho.rt/x">sho.rt/x</a> and <em>now</em>…</p>';
  const made =
    (content: string, more = {}) =>
    (sentAtMs: number) => [status('50', sentAtMs, content, more)];

  test('quotes, dashes, markup and shortened links: what survives tells', async () => {
    expect(await findingOf({ software: 'akkoma', text, after: made(rewritten) })).toMatchObject({
      kind: 'found',
      platformPostId: '50',
    });
  });

  test('the same words about another page of the same site are another post’s, so there is a doubt', async () => {
    const other = rewritten.replace('https://sho.rt/x', 'https://blog.example/2026/another');
    expect(await findingOf({ software: 'akkoma', text, after: made(other) })).toMatchObject({
      kind: 'not_seen',
      doubt: expect.stringContaining('50'),
    });
  });

  test('the only new post of the account is doubt and not absence, however it reads', async () => {
    const scene = { software: 'unheard-of', text, after: made('<p>[removed]</p>') };
    expect(await findingOf(scene)).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('50') });
    const onMastodon = await findingOf({ ...scene, software: 'mastodon' });
    expect(onMastodon).toMatchObject({ kind: 'not_seen' });
    expect(onMastodon).not.toHaveProperty('doubt');
  });

  test('but for one that another application made', async () => {
    const by = (name: string) => made('<p>[removed]</p>', { application: { name, website: null } });
    const scene = { software: 'unheard-of', application: 'Ours', text };
    expect(await findingOf({ ...scene, after: by('Web') })).not.toHaveProperty('doubt');
    expect(await findingOf({ ...scene, after: by('Ours') })).toHaveProperty('doubt');
  });

  test('a post of the same text made by hand is not ours where the application’s name tells', async () => {
    const byHand = (name: string) => (sentAtMs: number) => [
      status('50', sentAtMs, '<p>hi</p>', { application: { name } }),
    ];
    expect(await findingOf({ application: 'Ours', after: byHand('Web') })).toMatchObject({ kind: 'not_seen' });
    expect(await findingOf({ application: 'Ours', after: byHand('Ours') })).toMatchObject({ kind: 'found' });
    expect(await findingOf({ after: byHand('Web') })).toMatchObject({ kind: 'found' });
  });

  test('where posts that are not public may be hidden, their absence says nothing', async () => {
    const options = { visibility: 'private' };
    expect(await findingOf({ options, software: 'unheard-of' })).toMatchObject({ kind: 'cannot_tell' });
    expect(await findingOf({ options })).toMatchObject({ kind: 'not_seen' });
    expect(await findingOf({ options, software: 'unheard-of', after: ours })).toMatchObject({ kind: 'found' });
  });
});

describe('a list', () => {
  test('that leaves out a post of ours which is there proves nothing', async () => {
    const query = { knownSince: ['45'], takenPostIds: new Set(['45']) };
    const at = (ms: number) => ({ '45': { created_at: new Date(ms).toISOString() } });
    expect(await findingOf({ query, single: at(Date.now() + 5_000) })).toMatchObject({ kind: 'inconclusive' });
    expect(await findingOf({ query, single: at(Date.now() - 3_600_000) })).toMatchObject({ kind: 'not_seen' });
    expect(await findingOf({ query })).toMatchObject({ kind: 'not_seen' });
  });

  test('that is the same page again and again has no end that is read', async () => {
    const listing = ({ query }: SeenRequest, all: object[]) =>
      query['limit'] === '1' ? { status: 503, json: {} } : { json: all };
    const after = (sentAtMs: number) => [status('50', sentAtMs, '<p>something else</p>')];
    expect(await findingOf({ listing, after })).toMatchObject({ kind: 'cannot_tell' });
  });

  test('of reblogs names nobody’s new posts', async () => {
    const after = (sentAtMs: number) => [status('50', sentAtMs, '<p>hi</p>', { reblog: { id: '3' } })];
    const finding = await findingOf({ software: 'unheard-of', after });
    expect(finding).toMatchObject({ kind: 'not_seen' });
    expect(finding).not.toHaveProperty('doubt');
  });

  test('an intent from before, which has the key alone, is looked up by time', async () => {
    const query = { intent: { step: 'publish', key: 'vibetribe-pub-1', startedAt: new Date() } };
    expect(await findingOf({ query, after: ours })).toMatchObject({ kind: 'found' });
    expect(await findingOf({ query, before: [status('40', Date.now() - 400_000, '<p>hi</p>')] })).toMatchObject({
      kind: 'not_seen',
    });
  });
});
