import { describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto, testVideo } from '../testing/test-media.ts';
import { PublisherStoppedError, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { instagram } from './index.ts';
import {
  client,
  account,
  mediaRoute,
  publishRoute,
  listRoute,
  quotaRoute,
  withUrl,
  at,
  start,
  error,
  quota,
  listed,
  finished,
  usual,
} from './test-instagram.ts';

const formOf = ({ body }: Pick<SeenRequest, 'body'>) => Object.fromEntries(new URLSearchParams(body));

test('a picture becomes a container, and the container a post; the token stands in no address and no body', async () => {
  await using server = await startRoutes(usual);
  expect(await start(server.origin).publish()).toEqual({
    kind: 'published',
    platformPostId: '181',
    url: 'https://www.instagram.com/p/x/',
  });
  const [made] = server.seen;
  expect(formOf(made ?? { body: '' })).toEqual({
    caption: 'Hello',
    alt_text: 'A view',
    image_url: expect.stringMatching(/^https:\/\/files/u),
  });
  for (const { headers, body, query } of server.seen) {
    expect(headers['authorization']).toBe('Bearer secret-token');
    expect(JSON.stringify([body, query])).not.toContain('secret-token');
  }
});

test('every option arrives under the platform’s own name', async () => {
  await using server = await startRoutes({
    ...usual,
    [mediaRoute]: () => ({ json: { id: '171', uri: `${server.origin}/up` } }),
    'POST /up': () => ({ json: { success: true } }),
  });
  const options = {
    postAs: 'reel',
    locationId: '55',
    userTags: [{ username: '@bob', x: 0.5, y: 0.25 }],
    collaborators: ['@eve'],
    coverUrl: 'https://files.example/cover.jpg',
    thumbOffsetMs: 1_500,
    shareToFeed: false,
    audioName: 'Sound',
    trial: 'performance',
    madeWithAi: true,
  };
  await start(server.origin, { options, media: [testVideo(1_000)] }).publish();
  expect(formOf(server.seen[0] ?? { body: '' })).toEqual({
    media_type: 'REELS',
    upload_type: 'resumable',
    caption: 'Hello',
    location_id: '55',
    user_tags: '[{"username":"bob","x":0.5,"y":0.25}]',
    collaborators: '["eve"]',
    cover_url: 'https://files.example/cover.jpg',
    thumb_offset: '1500',
    share_to_feed: 'false',
    audio_name: 'Sound',
    trial_params: '{"graduation_strategy":"SS_PERFORMANCE"}',
    is_ai_generated: 'true',
  });
  const upload = server.seen.find(({ route }) => route === 'POST /up');
  expect(upload?.headers).toMatchObject({ authorization: 'OAuth secret-token', offset: '0', file_size: '1000' });
});

test('a story shows no text, and goes by the other list', async () => {
  await using server = await startRoutes({ ...usual, [`GET /v25.0/${account.externalId}/stories`]: listed() });
  await start(server.origin, { options: { postAs: 'story' } }).publish();
  expect(formOf(server.seen[0] ?? { body: '' })).toEqual({ media_type: 'STORIES', image_url: expect.anything() });
  expect(server.seen.map(({ route }) => route)).not.toContain(listRoute);
});

test('a carousel is its items’ containers in order', async () => {
  let containers = 170;
  await using server = await startRoutes({
    ...usual,
    [mediaRoute]: () => ({ json: { id: String(++containers) } }),
    'GET /v25.0/171': () => finished,
    'GET /v25.0/172': () => finished,
    'GET /v25.0/173': () => finished,
  });
  const options = { userTags: [{ username: '@bob' }, { username: 'eve', x: 0.1, y: 0.2 }] };
  await start(server.origin, { options, media: [withUrl(testPhoto('One')), withUrl(testPhoto('Two'))] }).publish();
  const forms = server.seen.filter(({ route }) => route === mediaRoute).map(formOf);
  expect(forms).toMatchObject([
    {
      is_carousel_item: 'true',
      alt_text: 'One',
      user_tags: '[{"username":"bob","x":0.5,"y":0.5},{"username":"eve","x":0.1,"y":0.2}]',
    },
    { is_carousel_item: 'true', alt_text: 'Two' },
    { media_type: 'CAROUSEL', children: '171,172', caption: 'Hello' },
  ]);
  expect(forms[0]).not.toHaveProperty('caption');
  expect(formOf(server.seen.find(({ route }) => route === publishRoute) ?? { body: '' })).toEqual({
    creation_id: '173',
  });
});

test('an account of a page is asked for at the page’s host', async () => {
  await using own = await startRoutes({});
  await using pages = await startRoutes(usual);
  const publication = startPublication({
    adapter: instagram,
    endpoints: testEndpoints({ api: own.origin, hosts: { pages: pages.origin } }),
    client,
    account,
    accessToken: 'page-token',
    details: { login: 'page' },
    content: { text: '', options: {}, media: [withUrl(testPhoto())] },
  });
  expect(await publication.publish()).toMatchObject({ kind: 'published' });
  expect(own.seen).toEqual([]);
});

describe('a container', () => {
  test('in progress is waited for', async () => {
    await using server = await startRoutes({
      ...usual,
      'GET /v25.0/171': () => ({ json: { status_code: 'IN_PROGRESS' } }),
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({
      kind: 'media_processing',
      retryAfterMs: 5_000,
    });
  });

  test('that is missing for a moment is waited for, one that stays missing is made anew', async () => {
    let containers = 170;
    await using server = await startRoutes({
      ...usual,
      [mediaRoute]: () => ({ json: { id: String(++containers) } }),
      'GET /v25.0/171': () => error(100, 33),
      'GET /v25.0/172': () => finished,
    });
    const publication = start(server.origin);
    await expect(publication.publish({ now: at(0) })).rejects.toMatchObject({ kind: 'media_processing' });
    await expect(publication.publish({ now: at(9) })).rejects.toMatchObject({ kind: 'media_processing' });
    expect(await publication.publish({ now: at(11) })).toMatchObject({ kind: 'published' });
    expect(containers).toBe(172);
  });

  test('that could not fetch its media is made anew, three times at most', async () => {
    let containers = 170;
    const failing = () => ({
      json: { status_code: 'ERROR', status: 'Error: Media upload has failed with error code 2207003' },
    });
    await using server = await startRoutes({
      ...usual,
      [mediaRoute]: () => ({ json: { id: String(++containers) } }),
      'GET /v25.0/171': failing,
      'GET /v25.0/172': failing,
      'GET /v25.0/173': failing,
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({
      kind: 'unavailable',
      platformCode: 'container_2207003',
    });
    expect(containers).toBe(173);
  });

  test('whose media is of no use fails for good, with the code', async () => {
    const status = 'Error: Media upload has failed with error code 2207026';
    await using server = await startRoutes({
      ...usual,
      'GET /v25.0/171': () => ({ json: { status_code: 'ERROR', status } }),
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind: 'content', platformCode: '2207026' });
  });

  test('near its end is made anew before the send, and never published after a day', async () => {
    let containers = 170;
    await using server = await startRoutes({
      ...usual,
      [mediaRoute]: () => ({ json: { id: String(++containers) } }),
      'GET /v25.0/172': () => finished,
    });
    const publication = start(server.origin);
    await expect(publication.publish({ now: at(0), stepsMax: 2 })).rejects.toBeInstanceOf(PublisherStoppedError);
    expect(await publication.publish({ now: at(24 * 60 - 10) })).toMatchObject({ kind: 'published' });
    expect(formOf(server.seen.find(({ route }) => route === publishRoute) ?? { body: '' })).toEqual({
      creation_id: '172',
    });
  });
});

describe('the account’s own limit', () => {
  test('used up, nothing is sent and an hour is waited', async () => {
    await using server = await startRoutes({ ...usual, [quotaRoute]: quota(100) });
    await expect(start(server.origin).publish()).rejects.toMatchObject({
      kind: 'quota',
      platformCode: 'content_publishing_limit',
      retryAfterMs: 3_600_000,
    });
    expect(server.seen.map(({ route }) => route)).not.toContain(publishRoute);
  });

  test('not told, the send goes out and its answer decides', async () => {
    await using server = await startRoutes({
      ...usual,
      [quotaRoute]: () => error(100),
      [publishRoute]: () => error(9, 2_207_042),
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind: 'quota', platformCode: '9/2207042' });
  });

  test('is shown as it is told', async () => {
    await using server = await startRoutes({ [quotaRoute]: quota(7, 50) });
    const call = {
      endpoints: testEndpoints({ api: server.origin }),
      http: client.http(),
      account,
      accessToken: 't',
      scopes: [],
      details: {},
      now: at(0),
    };
    expect(await instagram.readLimits?.(call)).toEqual([
      { name: 'content_publishing_limit', limit: 50, remaining: 43, resetAt: null },
    ]);
  });
});

test('without an address for its pictures it says what to set', async () => {
  await using server = await startRoutes(usual);
  const publication = start(server.origin, { media: [testPhoto()] });
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'permission', platformCode: 'media_url_missing' });
});
