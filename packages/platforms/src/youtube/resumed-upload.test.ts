import { describe, expect, test } from 'vitest';
import { testVideo } from '../testing/test-media.ts';
import { PublisherStoppedError, type SeenRequest, startRoutes } from '../testing/test-platform.ts';
import { insert, session, read, update, start, jsonOf, resource, shown, serve, lazily } from './test-youtube.ts';

const begun = (origin: string) => ({ [insert]: () => ({ json: {}, headers: { location: `${origin}/session` } }) });
const rangeOf = ({ headers }: SeenRequest) => String(headers['content-range']);

describe('after a crash', () => {
  test('the session is asked what it has, and only the rest is sent', async () => {
    let kept = 0;
    await using server = await serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: (request) => {
        const [, last] = /^bytes \d+-(\d+)\//u.exec(rangeOf(request)) ?? [];
        // Of the second piece only a part has come before the answer was lost.
        if (last !== undefined) kept = kept === 0 ? 8_388_608 : Number(last) + 1;
        if (kept === 20_000_000) return { json: { id: 'v1' } };
        return { status: 308, json: {}, headers: { range: `bytes=0-${kept - 1}` } };
      },
    }));
    const item = testVideo(20_000_000);
    const publication = start(server.origin, { media: [item] });
    // The session, and one piece.
    await expect(publication.publish({ stepsMax: 2 })).rejects.toBeInstanceOf(PublisherStoppedError);
    expect(JSON.stringify(publication.results)).toContain(`${server.origin}/session`);
    kept = 10_000_000;
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    const ranges = server.seen.filter(({ route }) => route === session).map(rangeOf);
    expect(ranges).toEqual([
      'bytes 0-8388607/20000000',
      'bytes */20000000',
      'bytes 10000000-18388607/20000000',
      'bytes 18388608-19999999/20000000',
    ]);
    expect(server.seen.filter(({ route }) => route === insert)).toHaveLength(1);
  });

  test('a session that has its end already sends nothing', async () => {
    let isDone = false;
    await using server = await serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: () => {
        const answer = isDone ? { json: { id: 'v1' } } : { status: 503, json: {} };
        isDone = true;
        return answer;
      },
    }));
    const item = testVideo(1_000);
    const publication = start(server.origin, { media: [item] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await publication.publish()).toMatchObject({ kind: 'published' });
    expect(item.reads.bytes).toBe(1_000);
    expect(server.seen.slice(-3).map(rangeOf)[0]).toBe('bytes */1000');
  });

  test.each([
    ['whose video is there is found by its mark among the newest uploads', true],
    ['of which nothing came is begun anew', false],
  ])('a session that is gone, %s', async (_what, isThere) => {
    let mark = '';
    let sessions = 0;
    const uploads = { contentDetails: { relatedPlaylists: { uploads: 'UU1' } } };
    await using server = await serve((origin) => ({
      [insert]: (request) => {
        sessions += 1;
        mark = String(jsonOf(request)['snippet']?.['tags']);
        return { json: {}, headers: { location: `${origin()}/session` } };
      },
      ...shown,
      [session]: () =>
        sessions > 1
          ? { json: { id: 'v1' } }
          : { status: 404, json: { error: { code: 404, errors: [{ reason: 'notFound' }] } } },
      'GET /youtube/v3/channels': () => ({ json: { items: [uploads] } }),
      'GET /youtube/v3/playlistItems': () => ({ json: { items: [{ contentDetails: { videoId: 'v1' } }] } }),
      [read]: () => ({ json: { items: [resource('private', {}, isThere ? [mark] : ['another'])] } }),
    }));
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: 'v1' });
    expect(sessions).toBe(isThere ? 1 : 2);
  });
});

describe('before anybody has seen it', () => {
  const gone = (json: object) =>
    serve((origin) => ({
      ...lazily(origin),
      ...shown,
      [session]: () => ({ json: { id: 'v1' } }),
      [read]: () => ({ json: { items: [json] } }),
    }));

  test.each([
    [{ uploadStatus: 'rejected', rejectionReason: 'copyright' }, 'policy', 'copyright'],
    [{ uploadStatus: 'failed', failureReason: 'codec' }, 'content', 'codec'],
  ])('a video that YouTube refuses has failed, with the reason: %j', async (status, kind, platformCode) => {
    await using server = await gone(resource('private', status));
    await expect(start(server.origin).publish()).rejects.toMatchObject({ kind, platformCode });
    expect(server.seen.map(({ route }) => route)).not.toContain(update);
  });

  test('one that is worked on is asked about again, and after a quarter of an hour shown all the same', async () => {
    await using server = await gone(resource('private', { uploadStatus: 'uploaded' }));
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'media_processing', retryAfterMs: 3_000 });
    const now = new Date(Date.now() + 16 * 60_000);
    expect(await publication.publish({ now })).toMatchObject({ kind: 'processing' });
    expect(server.seen.filter(({ route }) => route === update)).toHaveLength(1);
  });

  test('one that came to another channel of the grant is not shown there', async () => {
    await using server = await gone({ ...resource('private'), snippet: { channelId: 'UC2' } });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ platformCode: 'channel_mismatch' });
    expect(server.seen.map(({ route }) => route)).not.toContain(update);
  });

  test('the token goes to no other host than the API’s', async () => {
    await using other = await startRoutes({});
    await using server = await startRoutes(begun(other.origin));
    await expect(start(server.origin).publish()).rejects.toMatchObject({ platformCode: 'upload_address' });
    expect(other.seen).toEqual([]);
  });
});
