import { z } from 'zod';
import { cleanName, foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { callFacebook } from './api.ts';
import { callOf, facebookPostUrl } from './publish-feed.ts';

const Phase = z.object({
  status: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ message: z.string().optional().catch(undefined) }))
    .optional()
    .catch(undefined),
});

/** https://developers.facebook.com/docs/video-api/guides/reels-publishing, read 2026-11. */
const Video = z.object({
  published: z.boolean().optional().catch(undefined),
  post_id: foreignId().optional().catch(undefined),
  permalink_url: z.string().optional().catch(undefined),
  status: z
    .object({
      video_status: z.string().optional().catch(undefined),
      uploading_phase: Phase.extend({ bytes_transferred: z.number().nonnegative().optional().catch(undefined) })
        .optional()
        .catch(undefined),
      processing_phase: Phase.optional().catch(undefined),
      publishing_phase: Phase.optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
export type VideoAnswer = z.infer<typeof Video>;

export function readVideo(call: AccountCall, http: AccountCall['http'], id: string): Promise<VideoAnswer> {
  const query = { fields: 'status,published,post_id,permalink_url' };
  const path = `/${encodeURIComponent(id)}`;
  return callFacebook({ ...callOf(call, http), method: 'GET', path, query, effect: 'read', answer: Video });
}

export type VideoState = 'shown' | 'failed' | 'working' | 'waiting';

/** `waiting`: nothing has asked for it to be shown yet, or nobody can tell. */
export function stateOf({ status, published }: VideoAnswer): VideoState {
  const phases = [status?.uploading_phase, status?.processing_phase, status?.publishing_phase];
  if (status?.video_status === 'error' || phases.some((phase) => phase?.status === 'error')) return 'failed';
  if (status?.publishing_phase?.status === 'complete' || published === true) return 'shown';
  if (status?.video_status === 'processing' || status?.processing_phase?.status === 'in_progress') return 'working';
  const isHidden = published === false || status?.publishing_phase?.status === 'not_started';
  return status?.video_status === 'ready' && !isHidden ? 'shown' : 'waiting';
}

export interface SentVideo {
  readonly videoId: string;
  /** Where the answer to the send named it. */
  readonly postId: string | null;
}

const pollAfterMs = 5_000;

/** What became of a video after it was sent to be shown. */
export async function followVideo(run: PublishRun, { videoId, postId }: SentVideo): Promise<PublishFate> {
  const working = { kind: 'processing', pollAfterMs, detail: 'Facebook is working on the video' } as const;
  const video = await readVideo(run, run.http, videoId).catch((error: unknown) => {
    if (error instanceof PlatformError && ['network', 'unavailable', 'rate_limit'].includes(error.kind)) return null;
    throw error;
  });
  if (video === null) return working;
  switch (stateOf(video)) {
    case 'shown':
      return { kind: 'published', ...placeOf(video, videoId, postId) };
    case 'failed':
      return { kind: 'turned_down', error: processingFailed(video) };
    case 'working':
    case 'waiting':
      return working;
  }
}

export function placeOf(video: VideoAnswer, videoId: string, postId: string | null = null) {
  const id = video.post_id ?? postId ?? videoId;
  const link = video.permalink_url ?? '';
  const url = link.startsWith('/') ? `https://www.facebook.com${link}` : link === '' ? facebookPostUrl(id) : link;
  return { platformPostId: id, url };
}

function processingFailed({ status }: VideoAnswer): PlatformError {
  const phases = [status?.uploading_phase, status?.processing_phase, status?.publishing_phase];
  const reason = phases.flatMap((phase) => phase?.errors ?? [])[0]?.message;
  const message = `Facebook could not process the video${reason === undefined ? '' : `: ${cleanName(reason, 200)}`}`;
  return new PlatformError('content', message, { platformCode: 'processing_failed' });
}
