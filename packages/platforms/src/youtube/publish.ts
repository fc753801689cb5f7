import { z } from 'zod';
import { stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube, youTubeName } from './api.ts';
import { snippetOf, statusOf } from './metadata.ts';
import { YouTubeOptions } from './options.ts';
import { putInPlaylist } from './playlist.ts';
import { type UploadedVideo, uploadVideo } from './upload.ts';
import { readVideo, stateOf, Video } from './video.ts';

/** The video is uploaded where nobody sees it, with its thumbnail and in its playlist; one request then shows it. */
export async function publishYouTube(run: PublishRun): Promise<PublishFate> {
  const { media, options } = run.content;
  const index = media.findIndex(({ kind }) => kind === 'video');
  const item = media[index];
  if (item === undefined)
    throw new PlatformError('content', `${youTubeName} needs a video`, { platformCode: 'video_missing' });
  const uploaded = await uploadVideo(run, item, index);
  const { video } = uploaded;
  const state = await awaitReady(run, uploaded);
  for (const [at, picture] of media.entries()) {
    if (picture.kind === 'image') await setThumbnail(run, { video, picture, index: at });
  }
  const { playlistId } = YouTubeOptions.parse(options);
  if (playlistId !== undefined) await putInPlaylist(run, { video, playlistId });
  await run.step({
    name: 'publish',
    effect: 'once',
    run: async ({ http }) => {
      await show(run, http, video);
      return video;
    },
  });
  return state === 'processed' ? published(item, video) : follow(run, uploaded, item);
}

const pollMs = { min: 3_000, max: 60_000, share: 1 / 4 };
/** Then it goes out in what quality there is by then. */
const readyMsMax = 15 * 60_000;

/** What YouTube refuses is refused before anybody has seen it. */
function awaitReady(run: PublishRun, { video, at }: UploadedVideo): Promise<string> {
  return run.step({
    name: `video ${video}: ready`,
    effect: 'read',
    run: async ({ http }) => {
      const found = await readVideo(run, http, { id: video, part: 'snippet,status' });
      const waitedMs = run.now.getTime() - Date.parse(at);
      if (found !== null) {
        requireChannel(run, found);
        const state = stateOf(found);
        if (state.kind === 'failed') throw state.error;
        if (state.kind === 'processed' || waitedMs >= readyMsMax) return state.kind;
      } else if (waitedMs >= readyMsMax) {
        throw new PlatformError('not_found', 'The uploaded video is gone', { platformCode: 'videoNotFound' });
      }
      throw new PlatformError('media_processing', `${youTubeName} is working on the video`, {
        platformCode: 'processing',
        retryAfterMs: pauseAfter(waitedMs),
      });
    },
  });
}

function pauseAfter(waitedMs: number): number {
  return Math.min(pollMs.max, Math.max(pollMs.min, Math.round(waitedMs * pollMs.share)));
}

/** A grant that holds several channels uploads to one of them. */
function requireChannel({ account }: PublishRun, { snippet }: Video): void {
  const channel = snippet?.channelId;
  if (channel === undefined || channel === account.externalId) return;
  const message = `${youTubeName} puts what this grant uploads on another channel: connect this one by itself`;
  throw new PlatformError('permission', message, { platformCode: 'channel_mismatch' });
}

/** https://developers.google.com/youtube/v3/docs/thumbnails/set, read 2026-11. */
function setThumbnail(
  run: PublishRun,
  { video, picture, index }: { video: string; picture: MediaItem; index: number },
): Promise<boolean> {
  return run.step({
    name: stepName({ index, item: picture, generation: 0, part: `thumbnail of ${video}` }),
    effect: 'idempotent',
    run: async ({ http }) => {
      await callYouTube({
        ...accessTo(run, http),
        method: 'POST',
        path: '/upload/youtube/v3/thumbnails/set',
        query: { videoId: video },
        headers: { 'content-type': picture.mimeType },
        stream: { byteLength: picture.bytes, open: () => picture.read() },
        effect: 'idempotent',
        answer: z.unknown(),
      });
      return true;
    },
  });
}

/** https://developers.google.com/youtube/v3/docs/videos/update, read 2026-11. */
async function show(run: PublishRun, http: PlatformHttp, id: string): Promise<void> {
  const status = statusOf(run.content);
  const shown = await callYouTube({
    ...accessTo(run, http),
    method: 'PUT',
    path: '/youtube/v3/videos',
    query: { part: 'snippet,status' },
    json: { id, snippet: snippetOf(run.content), status },
    effect: 'once',
    answer: Video,
  });
  const is = shown.status?.privacyStatus;
  if (is === undefined || is === status.privacyStatus || is !== 'private') return;
  const message = `${youTubeName} keeps the videos of this application private until Google has audited it`;
  throw new PlatformError('permission', message, { platformCode: 'locked_private' });
}

/** So long a video that is shown may still be worked on. */
const workMsMax = 12 * 3_600_000;

async function follow(run: PublishRun, { video, at }: UploadedVideo, item: MediaItem): Promise<PublishFate> {
  const waitedMs = run.now.getTime() - Date.parse(at);
  const found = await readVideo(run, run.http, { id: video, part: 'status' }).catch((error: unknown) => {
    if (error instanceof PlatformError && !error.kind.startsWith('auth_')) return null;
    throw error;
  });
  const state = found === null ? { kind: 'working' as const } : stateOf(found);
  if (state.kind === 'failed') return { kind: 'turned_down', error: state.error };
  if (state.kind === 'processed' || waitedMs >= workMsMax) return published(item, video);
  const detail = `${youTubeName} shows the video and is still working on it`;
  return { kind: 'processing', pollAfterMs: pauseAfter(waitedMs), detail };
}

function published(item: MediaItem, id: string): PublishFate {
  return { kind: 'published', platformPostId: id, url: videoUrl(id, item) };
}

const shortMsMax = 3 * 60_000;

/** Square or upright and up to three minutes: YouTube makes a Short of it, whatever is asked. */
export function isShort({ width, height, durationMs }: Pick<MediaItem, 'width' | 'height' | 'durationMs'>): boolean {
  return durationMs !== null && durationMs <= shortMsMax && height >= width;
}

export function videoUrl(id: string, item?: MediaItem): string {
  return item !== undefined && isShort(item)
    ? `https://www.youtube.com/shorts/${id}`
    : `https://www.youtube.com/watch?v=${id}`;
}
