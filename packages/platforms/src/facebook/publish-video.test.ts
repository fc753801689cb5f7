import { describe, expect, test } from 'vitest';
import { testVideo } from '../testing/test-media.ts';
import { startRoutes } from '../testing/test-platform.ts';
import { post, start } from './test-facebook.ts';

describe('a video', () => {
  const offsets = (start_offset: number, end_offset: number) => ({
    start_offset: String(start_offset),
    end_offset: String(end_offset),
  });

  test('goes on where the server says, also where a piece came whose answer was lost', async () => {
    const video = testVideo(1_000);
    const starts: string[] = [];
    await using server = await startRoutes({
      'POST /v25.0/10/videos': ({ body }) => {
        if (body.includes('upload_phase=start'))
          return { json: { upload_session_id: '5', video_id: '6', ...offsets(0, 400) } };
        if (body.includes('upload_phase=finish')) return { json: { success: true } };
        const start = /name="start_offset"\r\n\r\n(\d+)/u.exec(body)?.[1] ?? '';
        starts.push(start);
        if (start !== '0') return { json: offsets(1_000, 1_000) };
        return { status: 400, json: { error: { message: 'm', code: 6001, error_data: offsets(700, 1_000) } } };
      },
      'GET /v25.0/6': () => ({ json: { id: '6', post_id: post, status: { video_status: 'ready' } } }),
    });
    expect(await start(server.origin, { media: [video] }).publish()).toMatchObject({
      kind: 'published',
      platformPostId: post,
    });
    expect(starts).toEqual(['0', '700']);
  });

  test('that the server never takes further ends as its fault', async () => {
    await using server = await startRoutes({
      'POST /v25.0/10/videos': ({ body }) => ({
        json: body.includes('upload_phase=start')
          ? { upload_session_id: '5', video_id: '6', ...offsets(0, 400) }
          : offsets(0, 400),
      }),
    });
    await expect(start(server.origin, { media: [testVideo(1_000)] }).publish()).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  const reel = (origin: string) => start(origin, { media: [testVideo(1_000)], options: { videoAs: 'reel' } });

  test('as a reel gives the token to no other host than the one for uploads', async () => {
    await using other = await startRoutes({});
    await using server = await startRoutes({
      'POST /v25.0/10/video_reels': () => ({ json: { video_id: '6', upload_url: `${other.origin}/steal` } }),
      'GET /v25.0/6': () => ({ json: { id: '6' } }),
    });
    await expect(reel(server.origin).publish()).rejects.toMatchObject({ platformCode: 'upload_address' });
    expect(other.seen).toEqual([]);
  });

  test('as a reel that Facebook refuses after it had taken it has failed for good, with the reason', async () => {
    const status = { video_status: 'error', processing_phase: { status: 'error', errors: [{ message: 'Too short' }] } };
    await using server = await startRoutes({
      'POST /v25.0/10/video_reels': ({ body }) => ({
        json: body.includes('start')
          ? { video_id: '6', upload_url: `${server.origin}/up` }
          : { success: true, post_id: post },
      }),
      'GET /v25.0/6': () => ({
        json: { id: '6', status: server.seen.length > 4 ? status : { uploading_phase: { bytes_transferred: 1_000 } } },
      }),
    });
    const publication = reel(server.origin);
    expect(await publication.publish()).toMatchObject({ kind: 'processing' });
    expect(await publication.publish()).toMatchObject({
      kind: 'turned_down',
      error: { kind: 'content', message: expect.stringContaining('Too short') },
    });
  });

  test('as a reel that is ready and that nobody asked to show is not out', async () => {
    let published = false;
    const phase = () => ({ status: published ? 'complete' : 'not_started' });
    await using server = await startRoutes({
      'POST /v25.0/10/video_reels': ({ body }) =>
        body.includes('start')
          ? { json: { video_id: '6', upload_url: `${server.origin}/up` } }
          : { status: 500, json: {} },
      'GET /v25.0/6': () => ({
        json: {
          id: '6',
          published,
          status: {
            video_status: 'ready',
            uploading_phase: { bytes_transferred: 1_000 },
            publishing_phase: phase(),
          },
        },
      }),
    });
    const publication = reel(server.origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
    published = true;
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: '6' });
  });
});
