import { z } from 'zod';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callX, type XCall } from './api.ts';

/** What is known of a medium on X; its key is what posts are found by. */
export const XUpload = z.object({ id: z.string().min(1), mediaKey: z.string().nullable(), expiresAt: z.string() });
export type XUpload = z.infer<typeof XUpload>;

/** Segments of this size are far below X's limit of 5 MB, and there are at most 1,000. */
const segmentBytes = 4 * 1024 * 1024;

/**
 * Brings a picture or video to X: whole where it is a picture, else in segments. Each part is a step of its own, so that what
 * arrived is not sent again. An upload near its end of life is begun anew.
 * @throws PlatformError `media_processing` while X is working on it
 */
export function uploadToX(run: PublishRun, item: MediaItem, index: number): Promise<XUpload> {
  return livingUpload(run.now, async (generation, living) => {
    const name = (part: string) => stepName({ index, item, generation, part });
    const isWhole = categoryOf(item) === 'tweet_image';
    const upload = living(isWhole ? await sendWhole(run, item, name) : await initialize(run, item, name));
    if (!isWhole) await sendInSegments(run, item, name, upload);
    if (item.alt !== null && item.alt !== '') await describe(run, { id: upload.id, alt: item.alt }, name);
    return upload;
  });
}

type Name = (part: string) => string;

const Uploaded = z.object({
  data: z.object({
    id: z.string().min(1),
    media_key: z.string().optional(),
    expires_after_secs: z.int().positive().optional(),
    processing_info: z
      .object({
        state: z.string(),
        check_after_secs: z.number().nonnegative().optional(),
        error: z.object({ name: z.string().optional(), message: z.string().optional() }).optional(),
      })
      .optional(),
  }),
});
type Uploaded = z.infer<typeof Uploaded>;

async function sendWhole(run: PublishRun, item: MediaItem, name: Name): Promise<XUpload> {
  return run.step({
    name: name('upload'),
    effect: 'idempotent',
    run: async ({ http }) => {
      const stream = { byteLength: item.bytes, open: () => item.read() };
      const file = { name: 'media', fileName: 'media', contentType: item.mimeType, stream };
      const multipart = [{ name: 'media_category', value: categoryOf(item) }, file];
      return uploadOf(run, await post(run, http, { path: '/2/media/upload', multipart }));
    },
  });
}

async function initialize(run: PublishRun, item: MediaItem, name: Name): Promise<XUpload> {
  return run.step({
    name: name('initialize'),
    effect: 'idempotent',
    run: async ({ http }) => {
      const json = { media_type: item.mimeType, total_bytes: item.bytes, media_category: categoryOf(item) };
      return uploadOf(run, await post(run, http, { path: '/2/media/upload/initialize', json }));
    },
  });
}

async function sendInSegments(run: PublishRun, item: MediaItem, name: Name, upload: XUpload): Promise<void> {
  const path = `${uploadPath(upload.id)}/append`;
  for (let start = 0, segment = 0; start < item.bytes; start += segmentBytes, segment += 1) {
    const range = { start, end: Math.min(start + segmentBytes, item.bytes) };
    await run.step({
      name: name(`append ${segment}`),
      effect: 'idempotent',
      run: async ({ http }) => {
        const stream = { byteLength: range.end - range.start, open: () => item.read(range) };
        const file = { name: 'media', fileName: 'segment', contentType: 'application/octet-stream', stream };
        const multipart = [{ name: 'segment_index', value: String(segment) }, file];
        await callX({ ...callOf(run, http), method: 'POST', path, multipart, answer: z.unknown() });
        return range.end;
      },
    });
  }
  const isReady = await run.step({
    name: name('finalize'),
    effect: 'idempotent',
    run: async ({ http }) => readyOrWait(await finalize(run, http, upload.id)).isReady,
  });
  if (!isReady) await awaitProcessing(run, upload.id, name);
}

/** A repeat, after an answer that was lost, may be refused: then the status tells whether the file is whole. */
async function finalize(run: PublishRun, http: PublishRun['http'], id: string): Promise<Uploaded> {
  try {
    return await post(run, http, { path: `${uploadPath(id)}/finalize` });
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'content')) throw error;
    const status = await readStatus(run, http, id).catch(() => null);
    if (status?.data.processing_info === undefined) throw error;
    return status;
  }
}

function readStatus(run: PublishRun, http: PublishRun['http'], id: string): Promise<Uploaded> {
  const path = `/2/media/upload?${new URLSearchParams({ command: 'STATUS', media_id: id }).toString()}`;
  return callX({ ...callOf(run, http), method: 'GET', path, effect: 'read', answer: Uploaded });
}

function uploadPath(id: string): string {
  return `/2/media/upload/${encodeURIComponent(id)}`;
}

async function awaitProcessing(run: PublishRun, id: string, name: Name): Promise<void> {
  await run.step({
    name: name('processed'),
    effect: 'read',
    run: async ({ http }) => {
      const { isReady, waitMs } = readyOrWait(await readStatus(run, http, id));
      if (isReady) return true;
      const message = 'X is still working on the video';
      throw new PlatformError('media_processing', message, { platformCode: 'processing', retryAfterMs: waitMs });
    },
  });
}

/** @throws PlatformError `content` where X cannot make anything of the file */
function readyOrWait({ data: { processing_info: info } }: Uploaded): { isReady: boolean; waitMs: number } {
  if (info?.state === 'failed') {
    const reason = info.error?.name === undefined ? '' : ` (${info.error.name.slice(0, 60)})`;
    throw new PlatformError('content', `X could not process the file${reason}`, { platformCode: 'processing_failed' });
  }
  return { isReady: info === undefined || info.state === 'succeeded', waitMs: (info?.check_after_secs ?? 5) * 1_000 };
}

async function describe(run: PublishRun, { id, alt }: { id: string; alt: string }, name: Name): Promise<void> {
  const json = { id, metadata: { alt_text: { text: alt } } };
  await run.step({
    name: name('alt'),
    effect: 'idempotent',
    run: async ({ http }) => {
      await callX({ ...callOf(run, http), method: 'POST', path: '/2/media/metadata', json, answer: z.unknown() });
      return true;
    },
  });
}

function post(run: PublishRun, http: PublishRun['http'], body: Pick<XCall<unknown>, 'path' | 'json' | 'multipart'>) {
  return callX({ ...callOf(run, http), ...body, method: 'POST', answer: Uploaded });
}

function callOf({ endpoints, accessToken }: PublishRun, http: PublishRun['http']) {
  return { endpoints, accessToken, http, effect: 'idempotent' } as const;
}

const lifeDefaultSeconds = 86_400;

function uploadOf({ now }: PublishRun, { data }: Uploaded): XUpload {
  const lifeMs = (data.expires_after_secs ?? lifeDefaultSeconds) * 1_000;
  return {
    id: data.id,
    mediaKey: data.media_key ?? null,
    expiresAt: new Date(now.getTime() + lifeMs).toISOString(),
  };
}

function categoryOf({ kind, mimeType }: MediaItem): 'tweet_image' | 'tweet_gif' | 'tweet_video' {
  if (kind === 'video') return 'tweet_video';
  return mimeType === 'image/gif' ? 'tweet_gif' : 'tweet_image';
}
