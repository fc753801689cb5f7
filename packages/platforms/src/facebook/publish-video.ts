import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { callFacebook } from './api.ts';
import { FacebookOptions } from './options.ts';
import { callOf } from './publish-feed.ts';
import { followVideo } from './video-state.ts';

const Offset = z.union([z.string().regex(/^\d{1,15}$/u), z.int().nonnegative()]).transform(Number);
const Offsets = z.object({ start_offset: Offset, end_offset: Offset });
const Started = Offsets.extend({ upload_session_id: foreignNumericId(), video_id: foreignNumericId() });
/** What came is told by a refusal too, where a piece came twice. */
const Transferred = z.union([
  Offsets,
  z
    .object({ error: z.object({ code: z.literal(6_001), error_data: Offsets }) })
    .transform(({ error }) => error.error_data),
]);
const Done = z.object({ success: z.literal(true) });

/** Sessions of uploads are said to live a day. */
const sessionLifeMs = 24 * 3_600_000;

/** Name of the part of an upload whose result names the video. */
export const videoStep = 'start';

export const StartedVideo = z.object({ videoId: z.string(), session: z.string().optional(), expiresAt: z.string() });

/** A video of the page in pieces as the server asks for them, then one request that shows it. https://developers.facebook.com/docs/graph-api/reference/page/videos, read 2026-11. */
export async function publishVideo(run: PublishRun, item: MediaItem): Promise<PublishFate> {
  const upload = await livingUpload(run.now, async (generation, living) => {
    const name = (part: string) => stepName({ index: 0, item, generation, part });
    const started = living(
      await run.step({ name: name(videoStep), effect: 'idempotent', run: ({ http }) => start(run, http, item) }),
    );
    let { at, end } = started;
    while (at < item.bytes) {
      const piece = { start: at, end: Math.min(Math.max(end, at + 1), item.bytes) };
      const next = await run.step({
        name: name(`piece ${at}`),
        effect: 'idempotent',
        run: ({ http }) => transfer(run, http, item, { session: started.session, ...piece }),
      });
      if (next.at <= at) throw noProgress();
      ({ at, end } = next);
    }
    return started;
  });
  const { title } = FacebookOptions.parse(run.content.options);
  const form = {
    upload_phase: 'finish',
    upload_session_id: upload.session,
    description: run.content.text === '' ? undefined : run.content.text,
    title,
  };
  const sent = await run.step({
    name: 'publish',
    effect: 'once',
    run: async ({ http }) => {
      await callFacebook({ ...videos(run, http), form, effect: 'once', answer: Done });
      return { videoId: upload.videoId };
    },
  });
  return followVideo(run, { ...sent, postId: null });
}

async function start(run: PublishRun, http: PlatformHttp, item: MediaItem) {
  const form = { upload_phase: 'start', file_size: String(item.bytes) };
  const begun = await callFacebook({ ...videos(run, http), form, effect: 'idempotent', answer: Started });
  return {
    videoId: begun.video_id,
    session: begun.upload_session_id,
    at: begun.start_offset,
    end: begun.end_offset,
    expiresAt: new Date(run.now.getTime() + sessionLifeMs).toISOString(),
  };
}

async function transfer(
  run: PublishRun,
  http: PlatformHttp,
  item: MediaItem,
  { session, ...range }: { session: string; start: number; end: number },
) {
  const stream = { byteLength: range.end - range.start, open: () => item.read(range) };
  const file = { name: 'video_file_chunk', fileName: 'piece', contentType: 'application/octet-stream', stream };
  const next = await callFacebook({
    ...videos(run, http),
    multipart: [
      { name: 'upload_phase', value: 'transfer' },
      { name: 'upload_session_id', value: session },
      { name: 'start_offset', value: String(range.start) },
      file,
    ],
    effect: 'idempotent',
    answer: Transferred,
    answersToo: 400,
  });
  return { at: next.start_offset, end: next.end_offset };
}

function videos(run: PublishRun, http: PlatformHttp) {
  const path = `/${encodeURIComponent(run.account.externalId)}/videos`;
  return { ...callOf(run, http), host: 'video', method: 'POST', path } as const;
}

function noProgress(): PlatformError {
  return new PlatformError('unavailable', 'Facebook does not take the next piece of the video', {
    platformCode: 'no_progress',
  });
}
