import { describe, expect, test } from 'vitest';
import { testVideo } from '../testing/test-media.ts';
import type { SeenRequest } from '../testing/test-platform.ts';
import { chunksOf } from './publish-video.ts';
import { type Content, start, ok, no, creator, done, paths, stage, bodyOf } from './test-tiktok.ts';

const routesOf = (seen: readonly SeenRequest[]) => seen.map(({ route }) => route);

describe('a video', () => {
  test('is posted as its options say, once its creator was asked; no token goes to the upload address', async () => {
    await using server = await stage();
    const options = {
      privacyLevel: 'SELF_ONLY',
      disableDuet: true,
      yourBrand: true,
      madeWithAi: true,
      coverOffsetMs: 5,
    };
    expect(await start(server.origin, { options }).publish()).toEqual({
      kind: 'published',
      platformPostId: 'v_pub_file~1',
      url: null,
    });
    expect(routesOf(server.seen)).toEqual([paths.creator, paths.video, paths.upload, paths.status]);
    expect(bodyOf(server.seen, paths.video)).toEqual({
      post_info: {
        title: 'Norway',
        privacy_level: 'SELF_ONLY',
        disable_comment: false,
        disable_duet: true,
        disable_stitch: true,
        video_cover_timestamp_ms: 5,
        brand_content_toggle: false,
        brand_organic_toggle: true,
        is_aigc: true,
      },
      source_info: { source: 'FILE_UPLOAD', video_size: 6_000, chunk_size: 6_000, total_chunk_count: 1 },
    });
    const upload = server.seen.find(({ route }) => route === paths.upload);
    expect(upload?.headers).toMatchObject({ 'content-range': 'bytes 0-5999/6000', 'content-type': 'video/mp4' });
    expect(upload?.headers).not.toHaveProperty('authorization');
  });

  test('is sent in chunks that TikTok counts the same way; a stop between them sends none twice', async () => {
    await using server = await stage();
    const publication = start(server.origin, { media: [testVideo(16 * 1024 * 1024)] });
    for (let steps = 0; steps < 9; steps += 1) await publication.publish({ stepsMax: 1 }).catch(() => null);
    const ranges = server.seen.flatMap(({ headers }) => headers['content-range'] ?? []);
    const mebi = 1024 * 1024;
    expect(ranges).toEqual([
      `bytes 0-${5 * mebi - 1}/${16 * mebi}`,
      `bytes ${5 * mebi}-${10 * mebi - 1}/${16 * mebi}`,
      `bytes ${10 * mebi}-${16 * mebi - 1}/${16 * mebi}`,
    ]);
    expect(bodyOf(server.seen, paths.video)).toMatchObject({
      source_info: { chunk_size: 5 * mebi, total_chunk_count: 3 },
    });
  });

  test('goes on behind a chunk that has come and whose answer was lost', async () => {
    const all = 16 * 1024 * 1024;
    let received = 0;
    let losses = 1;
    await using server = await stage({
      [paths.upload]: ({ headers }) => {
        const [, first, last] = /(\d+)-(\d+)\//u.exec(String(headers['content-range'])) ?? [];
        if (Number(first) !== received) return { status: 416, json: '' };
        received = Number(last) + 1;
        losses -= 1;
        return { status: losses === 0 ? 503 : received === all ? 201 : 206, json: '' };
      },
      [paths.status]: () => (received === all ? done() : ok({ status: 'PROCESSING_UPLOAD', uploaded_bytes: received })),
    });
    const publication = start(server.origin, { media: [testVideo(all)] });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'unavailable' });
    await publication.publish();
    expect(received).toBe(all);
    expect(server.seen.filter(({ route }) => route === paths.video)).toHaveLength(1);
  });

  test('whose address has ended between its chunks is begun anew; one that was sent is not', async () => {
    let inits = 0;
    let isLate = false;
    await using server = await stage({
      [paths.video]: () => {
        inits += 1;
        return ok({ publish_id: `v${inits}`, upload_url: `${server.origin}/up` });
      },
      [paths.upload]: () => ({ status: isLate && inits === 1 ? 403 : 206, json: '' }),
      [paths.status]: () => ok({ status: 'PROCESSING_UPLOAD' }),
    });
    const publication = start(server.origin, { media: [testVideo(16 * 1024 * 1024)] });
    await publication.publish({ stepsMax: 3 }).catch(() => null);
    isLate = true;
    const inMinutes = (minutes: number) => ({ now: new Date(Date.now() + minutes * 60_000) });
    expect(await publication.publish(inMinutes(45))).toMatchObject({ kind: 'processing' });
    expect(await publication.publish(inMinutes(95))).toMatchObject({ kind: 'processing' });
    expect(inits).toBe(2);
  });

  test.each([1, 5_242_879, 5_242_880, 10_485_760, 99_999_999])(
    'of %i bytes has chunks that the rules take',
    (bytes) => {
      const { size, count } = chunksOf(bytes);
      expect(count).toBe(Math.max(1, Math.floor(bytes / size)));
      expect(bytes - size * (count - 1)).toBeLessThan(128_000_000);
      if (count > 1) expect(size).toBeGreaterThanOrEqual(5_000_000);
    },
  );

  test('as a draft goes to the inbox without text and settings', async () => {
    await using server = await stage({ [paths.status]: () => ok({ status: 'SEND_TO_USER_INBOX' }) });
    const fate = await start(server.origin, { options: { postAs: 'draft' } }).publish();
    expect(fate).toMatchObject({ kind: 'published', platformPostId: 'v_pub_file~1', url: null });
    expect(routesOf(server.seen)).not.toContain(paths.creator);
    expect(bodyOf(server.seen, paths.draft)).not.toHaveProperty('post_info');
  });

  test.each<[string, object, Content, string]>([
    ['a privacy level', {}, { options: { privacyLevel: 'FOLLOWER_OF_CREATOR' } }, 'privacy_level_option_mismatch'],
    ['any privacy level', { privacy_level_options: [] }, {}, 'privacy_level_option_mismatch'],
    ['so long a video', { max_video_post_duration_sec: 1 }, {}, 'duration_check_failed'],
  ])('is not begun where its creator does not allow %s', async (_what, settings, content, platformCode) => {
    await using server = await stage({ [paths.creator]: () => creator(settings) });
    await expect(start(server.origin, content).publish()).rejects.toMatchObject({ kind: 'content', platformCode });
    expect(routesOf(server.seen)).toEqual([paths.creator]);
  });

  test('goes to the first level that is allowed where none is asked for', async () => {
    await using server = await stage({ [paths.creator]: () => creator({ privacy_level_options: ['SELF_ONLY'] }) });
    await start(server.origin).publish();
    expect(bodyOf(server.seen, paths.video)).toMatchObject({ post_info: { privacy_level: 'SELF_ONLY' } });
  });

  test('is worked on, looked at for some minutes, and then known by its publish id', async () => {
    let status: object = { status: 'PROCESSING_UPLOAD', uploaded_bytes: 6_000 };
    await using server = await stage({ [paths.status]: () => ok(status) });
    const publication = start(server.origin);
    expect(await publication.publish()).toMatchObject({ kind: 'processing', pollAfterMs: 5_000 });
    status = { status: 'PUBLISH_COMPLETE', publicaly_available_post_id: [] };
    expect(await publication.publish()).toMatchObject({ kind: 'processing', pollAfterMs: 15_000 });
    const later = new Date(Date.now() + 6 * 60_000);
    expect(await publication.publish({ now: later })).toMatchObject({ platformPostId: 'v_pub_file~1' });
    expect(server.seen.filter(({ route }) => route === paths.upload)).toHaveLength(1);
  });

  test.each([
    ['file_format_check_failed', 'content'],
    ['spam_risk_text', 'policy'],
    ['auth_removed', 'auth_revoked'],
  ])('that failed with %s is turned down as %s', async (reason, kind) => {
    await using server = await stage({ [paths.status]: () => ok({ status: 'FAILED', fail_reason: reason }) });
    expect(await start(server.origin).publish()).toMatchObject({
      kind: 'turned_down',
      error: { kind, platformCode: reason },
    });
  });

  test('that TikTok could not make a post of is begun anew after a pause, with its bytes', async () => {
    const states = ['FAILED', 'SEND_TO_USER_INBOX'];
    await using server = await stage({ [paths.status]: () => ok({ status: states.shift(), fail_reason: 'internal' }) });
    const publication = start(server.origin);
    expect(await publication.publish()).toMatchObject({ kind: 'processing' });
    const later = new Date(Date.now() + 2 * 60_000);
    expect(await publication.publish({ now: later })).toMatchObject({ kind: 'published' });
    for (const route of [paths.video, paths.upload])
      expect(server.seen.filter((request) => request.route === route)).toHaveLength(2);
  });

  test('is sent to no address that is not encrypted', async () => {
    await using server = await stage({
      [paths.video]: () => ok({ publish_id: 'v', upload_url: 'http://elsewhere.example/up' }),
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({ platformCode: 'upload_address' });
  });
});

describe('a video whose last answer was lost', () => {
  async function lost(status: () => object, upload: (times: number) => number = () => 503) {
    let times = 0;
    const server = await stage({
      [paths.status]: status as never,
      [paths.upload]: () => ({ status: upload((times += 1)), json: '' }),
    });
    const publication = start(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    return { server, publication };
  }

  test.each<[string, () => object, object]>([
    ['complete', () => done(), { kind: 'found', platformPostId: 'v_pub_file~1' }],
    ['in the inbox', () => ok({ status: 'SEND_TO_USER_INBOX' }), { kind: 'found' }],
    [
      'on its way with all its bytes',
      () => ok({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 6_000 }),
      { kind: 'inconclusive' },
    ],
    [
      'on its way with some of them',
      () => ok({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 5 }),
      { kind: 'not_seen' },
    ],
    ['on its way, nobody says how far', () => ok({ status: 'PROCESSING_UPLOAD' }), { kind: 'inconclusive' }],
    ['failed', () => ok({ status: 'FAILED', fail_reason: 'internal' }), { kind: 'not_seen' }],
    ['unknown', () => no(404, 'invalid_publish_id'), { kind: 'not_seen' }],
  ])('is asked for by its publish id: %s', async (_what, status, expected) => {
    const { server, publication } = await lost(status);
    await using _server = server;
    expect(await publication.reconcile()).toMatchObject(expected);
  });

  test('is not posted twice by a repeat: what has all bytes already refuses them, and its status tells', async () => {
    const { server, publication } = await lost(
      () => done(),
      (times) => (times === 1 ? 503 : 404),
    );
    await using _server = server;
    const later = new Date(Date.now() + 10 * 60_000);
    expect(await publication.publish({ now: later })).toMatchObject({
      kind: 'published',
      platformPostId: 'v_pub_file~1',
    });
  });

  test('and whose address has ended is begun anew', async () => {
    const { server, publication } = await lost(
      () => ok({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 0 }),
      (times) => (times === 1 ? 503 : 201),
    );
    await using _server = server;
    await publication.publish({ now: new Date(Date.now() + 45 * 60_000) });
    expect(server.seen.filter(({ route }) => route === paths.video)).toHaveLength(2);
  });

  test('refused by its address for another reason stays as it is', async () => {
    await using server = await stage({
      [paths.status]: () => ok({ status: 'PROCESSING_UPLOAD', uploaded_bytes: 0 }),
      [paths.upload]: () => ({ status: 416, json: '' }),
    });
    await expect(start(server.origin).publish()).rejects.toMatchObject({
      kind: 'unavailable',
      platformCode: 'upload_416',
    });
  });
});
