import { afterAll, describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { type TestMedia, testPhoto } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { googleBusiness } from './index.ts';

const client = openTestClient('google-business');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: '22', handle: 'Bakery', service: null };
const posts = '/v4/accounts/1/locations/22/localPosts';
const name = 'accounts/1/locations/22/localPosts/3';
const post = (more: object = {}) => ({
  name,
  summary: 'Fresh bread',
  topicType: 'STANDARD',
  state: 'PROCESSING',
  ...more,
});
const live = {
  [`GET /v4/${name}`]: () => ({ json: post({ state: 'LIVE', searchUrl: 'https://local.google.com/p' }) }),
};
const empty = { [`GET ${posts}`]: () => ({ json: {} }) };
const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: TestMedia[] } = {},
) =>
  startPublication({
    adapter: googleBusiness,
    endpoints: testEndpoints({ api: origin, hosts: { accounts: origin, information: origin } }),
    client,
    account,
    accessToken: 'token',
    details: { '22': '1' },
    content: { text: 'Fresh bread', options: {}, media: [], ...content },
  });
const jsonOf = ({ body }: Pick<SeenRequest, 'body'>): unknown => JSON.parse(body);
const sentTo = (seen: readonly SeenRequest[]) => seen.filter(({ route }) => route === `POST ${posts}`);

test.each([
  [
    'an update with a button',
    { callToAction: { type: 'learn_more', url: 'https://example.com/' } },
    { topicType: 'STANDARD', callToAction: { actionType: 'LEARN_MORE', url: 'https://example.com/' } },
  ],
  ['a call', { callToAction: { type: 'call' } }, { topicType: 'STANDARD', callToAction: { actionType: 'CALL' } }],
  [
    'an event with its times',
    {
      topic: 'event',
      language: 'de',
      event: { title: 'Bread day', startDate: '2026-12-24', startTime: '09:05', endDate: '2026-12-25' },
    },
    {
      topicType: 'EVENT',
      languageCode: 'de',
      event: {
        title: 'Bread day',
        schedule: {
          startDate: { year: 2026, month: 12, day: 24 },
          startTime: { hours: 9, minutes: 5 },
          endDate: { year: 2026, month: 12, day: 25 },
        },
      },
    },
  ],
  [
    'an offer with its coupon',
    {
      topic: 'offer',
      event: { title: 'Ten off', startDate: '2026-12-01', endDate: '2026-12-02' },
      offer: { couponCode: 'TEN', redeemUrl: 'https://example.com/ten', terms: 'Once.' },
    },
    {
      topicType: 'OFFER',
      event: {
        title: 'Ten off',
        schedule: { startDate: { year: 2026, month: 12, day: 1 }, endDate: { year: 2026, month: 12, day: 2 } },
      },
      offer: { couponCode: 'TEN', redeemOnlineUrl: 'https://example.com/ten', termsConditions: 'Once.' },
    },
  ],
])('%s is sent as the API has it', async (_what, options, body) => {
  await using server = await startRoutes({ ...empty, ...live, [`POST ${posts}`]: () => ({ json: post() }) });
  expect(await start(server.origin, { options }).publish()).toEqual({
    kind: 'published',
    platformPostId: name,
    url: 'https://local.google.com/p',
  });
  expect(sentTo(server.seen).map(jsonOf)).toEqual([{ languageCode: 'en', summary: 'Fresh bread', ...body }]);
  for (const { headers } of server.seen) expect(headers['authorization']).toBe('Bearer token');
});

test('a photo is named by its address, and without one of ours it is told what to set', async () => {
  await using server = await startRoutes({ ...empty, ...live, [`POST ${posts}`]: () => ({ json: post() }) });
  const media = [{ ...testPhoto(), url: 'https://files.example/bread.jpg' }];
  await start(server.origin, { media }).publish();
  expect(sentTo(server.seen).map(jsonOf)).toMatchObject([
    { media: [{ mediaFormat: 'PHOTO', sourceUrl: 'https://files.example/bread.jpg' }] },
  ]);
  await expect(start(server.origin, { media: [testPhoto()] }).publish()).rejects.toThrow(/PUBLIC_URL/u);
});

describe('a post that Google has taken', () => {
  test('is followed until it is live, through answers that do not come', async () => {
    const states = [503, 'PROCESSING', 'LIVE'];
    await using server = await startRoutes({
      ...empty,
      [`POST ${posts}`]: () => ({ json: post() }),
      [`GET /v4/${name}`]: () => {
        const state = states.shift();
        return state === 503 ? { status: 503, json: {} } : { json: post({ state }) };
      },
    });
    const publication = start(server.origin);
    const fates = [];
    for (const _ of [1, 2, 3]) fates.push((await publication.publish()).kind);
    expect(fates).toEqual(['processing', 'processing', 'published']);
    expect(sentTo(server.seen)).toHaveLength(1);
  });

  test('and has removed has failed, once that is no delay any more', async () => {
    await using server = await startRoutes({ ...empty, [`POST ${posts}`]: () => ({ json: post() }) });
    const publication = start(server.origin);
    expect((await publication.publish()).kind).toBe('processing');
    const now = new Date(Date.now() + 11 * 60_000);
    expect(await publication.publish({ now })).toMatchObject({
      kind: 'turned_down',
      error: { kind: 'policy', platformCode: 'removed' },
    });
  });

  test.each([
    ['Call +49 30 1234567', /telephone/u],
    ['Fresh bread', /gives no reason/u],
  ])('and rejects has failed, with what can be told: %s', async (text, why) => {
    await using server = await startRoutes({
      ...empty,
      [`POST ${posts}`]: () => ({ json: post() }),
      [`GET /v4/${name}`]: () => ({ json: post({ state: 'REJECTED' }) }),
    });
    const fate = await start(server.origin, { text }).publish();
    expect(fate).toMatchObject({ kind: 'turned_down', error: { kind: 'policy', platformCode: 'REJECTED' } });
    expect(fate.kind === 'turned_down' ? fate.error.message : '').toMatch(why);
  });
});

describe('in doubt', () => {
  const old = post({ name: 'accounts/1/locations/22/localPosts/1', createTime: '2026-01-01T00:00:00Z' });
  const at = (id: number, more: object = {}) =>
    post({ name: `accounts/1/locations/22/localPosts/${id}`, createTime: new Date().toISOString(), ...more });

  async function inDoubt(after: readonly object[]) {
    let listed: readonly object[] = [old];
    await using server = await startRoutes({
      [`GET ${posts}`]: () => ({ json: { localPosts: listed } }),
      [`POST ${posts}`]: () => ({ status: 500, json: {} }),
      ...live,
    });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    listed = [...after, old];
    const finding = await publication.reconcile({ takenPostIds: new Set(['accounts/1/locations/22/localPosts/9']) });
    const again = await publication.publish().catch((error: unknown) => error);
    return { finding, again, sends: sentTo(server.seen).length };
  }

  test('the oldest post above the newest of before that has its words is it, and nothing is sent again', async () => {
    const words = [at(7), at(5, { name }), at(4, { summary: 'Other words' }), at(2, { topicType: 'EVENT' })];
    const { finding, again, sends } = await inDoubt(words);
    expect(finding).toMatchObject({ kind: 'found', platformPostId: name });
    expect(again).toMatchObject({ kind: 'published', platformPostId: name });
    expect(sends).toBe(1);
  });

  test('an equal post of before, and one that is another publication’s, are not it', async () => {
    const { finding } = await inDoubt([at(9)]);
    expect(finding).toMatchObject({ kind: 'not_seen' });
  });

  test('our clock decides nothing, and a list that leaves out a post of ours proves nothing', async () => {
    let listed: readonly object[] = [old];
    const known = 'accounts/1/locations/22/localPosts/8';
    await using server = await startRoutes({
      [`GET ${posts}`]: () => ({ json: { localPosts: listed } }),
      [`POST ${posts}`]: () => ({ status: 500, json: {} }),
      [`GET /v4/${known}`]: () => ({ json: post({ name: known }) }),
    });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile({ knownSince: [known] })).toMatchObject({ kind: 'inconclusive' });
    listed = [at(5, { name })];
    const fast = new Date(Date.now() + 300_000);
    const intent = { step: 'publish', key: { newest: null, at: fast.toISOString() }, startedAt: fast };
    expect(await publication.reconcile({ askedAt: fast, intent })).toMatchObject({
      kind: 'found',
      platformPostId: name,
    });
  });

  test('a post that is not there is sent again', async () => {
    const { finding, sends } = await inDoubt([]);
    expect(finding).toMatchObject({ kind: 'not_seen' });
    expect(sends).toBe(2);
  });
});

test.each(['../v1/accounts', 'accounts/1/locations/999/localPosts/3'])(
  '%s is no post of this location, and stays',
  async (platformPostId) => {
    await using server = await startRoutes({});
    const call = {
      endpoints: testEndpoints({ api: server.origin }),
      http: client.http(),
      account,
      accessToken: 't',
      scopes: [],
      details: {},
      post: { platformPostId, url: null },
    };
    const refusal = { kind: 'permission', platformCode: 'not_own' };
    await expect(googleBusiness.remove?.(call)).rejects.toMatchObject(refusal);
    const edit = googleBusiness.edit?.({ ...call, content: { text: 'a', options: {} } });
    await expect(edit).rejects.toMatchObject(refusal);
    expect(server.seen).toEqual([]);
  },
);

test('a location whose account is not known is to be connected again', async () => {
  await using server = await startRoutes({});
  const publication = startPublication({
    adapter: googleBusiness,
    endpoints: testEndpoints({ api: server.origin }),
    client,
    account,
    accessToken: 't',
    content: { text: 'x', options: {}, media: [] },
  });
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'permission', platformCode: 'owner_unknown' });
});
