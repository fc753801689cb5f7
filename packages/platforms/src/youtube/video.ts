import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callYouTube, youTubeName } from './api.ts';

const text = z.string().optional().catch(undefined);

/** https://developers.google.com/youtube/v3/docs/videos, read 2026-11. */
export const Video = z.object({
  id: foreignId(),
  snippet: z
    .object({
      title: z.string().default(''),
      description: z.string().default(''),
      tags: z.array(z.string()).default([]),
      categoryId: z.string().default('22'),
      defaultLanguage: text,
      defaultAudioLanguage: text,
      channelId: text,
    })
    .optional(),
  status: z
    .object({ uploadStatus: text, privacyStatus: text, failureReason: text, rejectionReason: text })
    .optional()
    .catch(undefined),
});
export type Video = z.infer<typeof Video>;
export const Videos = z.object({ items: z.array(Video).default([]) });

/** Null where there is no such video, or none that may be seen. */
export async function readVideo(
  call: TokenAccess,
  http: PlatformHttp,
  { id, part }: { readonly id: string; readonly part: 'snippet' | 'status' | 'snippet,status' },
): Promise<Video | null> {
  const { items } = await callYouTube({
    ...accessTo(call, http),
    method: 'GET',
    path: '/youtube/v3/videos',
    query: { part, id },
    effect: 'read',
    answer: Videos,
  });
  return items.find((video) => video.id === id) ?? null;
}

/** `failed` carries why. */
export function stateOf({
  status,
}: Video): { kind: 'processed' | 'working' } | { kind: 'failed'; error: PlatformError } {
  const { uploadStatus, failureReason, rejectionReason } = status ?? {};
  switch (uploadStatus) {
    case 'processed':
      return { kind: 'processed' };
    case 'failed':
      return { kind: 'failed', error: refused('content', failureReason ?? 'failed', 'could not process the video') };
    case 'rejected':
      return { kind: 'failed', error: refused('policy', rejectionReason ?? 'rejected', 'rejected the video') };
    case 'deleted':
      return { kind: 'failed', error: refused('policy', 'deleted', 'has deleted the video') };
    default:
      return { kind: 'working' };
  }
}

function refused(kind: 'content' | 'policy', reason: string, what: string): PlatformError {
  const platformCode = /^[\w-]{1,64}$/u.test(reason) ? reason : 'unknown';
  return new PlatformError(kind, `${youTubeName} ${what} (${platformCode})`, { platformCode });
}
