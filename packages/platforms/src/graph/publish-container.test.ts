import { afterAll, describe, expect, test } from 'vitest';
import { instagram } from '../instagram/index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPhoto } from '../testing/test-media.ts';
import {
  openTestClient,
  PublisherStoppedError,
  type SeenRequest,
  startPublication,
  startRoutes,
} from '../testing/test-platform.ts';
import { threads } from '../threads/index.ts';

const account = { externalId: '20', handle: 'ada', service: null };
const at = (minutes: number) => new Date(Date.UTC(2026, 10, 22, 10, minutes));
const refusal = (code: number, subcode: number) => ({
  status: 400,
  json: { error: { message: 'm', code, error_subcode: subcode } },
});

interface Then {
  readonly state: { status: number; json: unknown };
  readonly refusal: { status: number; json: unknown };
}

/** A container is refused in these words although it is ready, and where it is gone. */
const platforms = [
  {
    adapter: threads,
    version: 'v1.0',
    make: 'threads',
    publish: 'threads_publish',
    ready: { status: 'FINISHED' },
    refused: refusal(24, 4_279_009),
    expired: { status: 'EXPIRED' },
    refusedAsExpired: refusal(24, 4_279_009),
    media: [],
  },
  {
    adapter: instagram,
    version: 'v25.0',
    make: 'media',
    publish: 'media_publish',
    ready: { status_code: 'FINISHED' },
    refused: refusal(24, 2_207_008),
    expired: { status_code: 'EXPIRED' },
    refusedAsExpired: refusal(-2, 2_207_020),
    media: [{ ...testPhoto('A view'), url: 'https://files.example/a.jpg' }],
  },
];

describe.each(platforms)('$adapter.displayName', (platform) => {
  const { adapter, version, make, publish, ready, refused, media } = platform;
  const client = openTestClient(adapter.id);
  afterAll(() => client[Symbol.asyncDispose]());

  /** What each publish sent, and with which containers. */
  async function stage(isGone: () => boolean = () => false, then: Then = { state: refused, refusal: refused }) {
    let made = 170;
    const base = `/${version}`;
    const server = await startRoutes({
      [`POST ${base}/20/${make}`]: () => ({ json: { id: String(++made) } }),
      [`GET ${base}/171`]: () => (isGone() ? then.state : { json: ready }),
      [`GET ${base}/172`]: () => ({ json: ready }),
      [`GET ${base}/20/${make}`]: () => ({ json: { data: [] } }),
      [`POST ${base}/20/${publish}`]: ({ body }) => (body.includes('172') ? { json: { id: '181' } } : then.refusal),
    });
    const publication = startPublication({
      adapter,
      client,
      account,
      endpoints: testEndpoints({ api: server.origin, version }),
      accessToken: 't',
      details: { login: 'instagram' },
      content: { text: 'Hello', options: {}, media },
    });
    const sent = () =>
      server.seen.filter(({ route }) => route === `POST ${base}/20/${publish}`).map(({ body }: SeenRequest) => body);
    return { publication, sent, server };
  }

  test('a container that says it is ready and is refused for minutes gives way to another one', async () => {
    const { publication, sent, server } = await stage();
    await using _server = server;
    for (const minutes of [0, 1, 5])
      await expect(publication.publish({ now: at(minutes) })).rejects.toMatchObject({
        kind: 'media_processing',
        platformCode: 'container_refused',
        retryAfterMs: 30_000,
      });
    expect(sent()).toEqual(Array.from({ length: 3 }, () => 'creation_id=171'));
    expect(await publication.publish({ now: at(6) })).toMatchObject({ kind: 'published', platformPostId: '181' });
    expect(sent().slice(3)).toEqual(['creation_id=172']);
  });

  test('one that is gone is in doubt, and is kept for as long as its post may be unlisted', async () => {
    let isSent = false;
    const { publication, sent, server } = await stage(() => isSent);
    await using _server = server;
    await expect(publication.publish({ now: at(0), beforeSend: true })).rejects.toBeInstanceOf(PublisherStoppedError);
    isSent = true;
    for (const minutes of [0, 8, 21])
      await expect(publication.publish({ now: at(minutes) })).rejects.toMatchObject({
        kind: 'ambiguous',
        platformCode: 'container_gone',
      });
    expect(sent()).toEqual(Array.from({ length: 3 }, () => 'creation_id=171'));
    expect(await publication.publish({ now: at(22) })).toMatchObject({ kind: 'published', platformPostId: '181' });
  });

  test('one that expired before it was published gives way to another one at once', async () => {
    let isSent = false;
    const then = { state: { status: 200, json: platform.expired }, refusal: platform.refusedAsExpired };
    const { publication, sent, server } = await stage(() => isSent, then);
    await using _server = server;
    await expect(publication.publish({ now: at(0), beforeSend: true })).rejects.toBeInstanceOf(PublisherStoppedError);
    isSent = true;
    const spoilt = { kind: 'media_processing', platformCode: 'container_spoilt' };
    await expect(publication.publish({ now: at(1) })).rejects.toMatchObject(spoilt);
    expect(await publication.publish({ now: at(2) })).toMatchObject({ kind: 'published', platformPostId: '181' });
    expect(sent()).toEqual(['creation_id=171', 'creation_id=172']);
  });
});
