import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishFate, PublishRun, StepEffect } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callTikTok, tiktokName } from './api.ts';
import { creatorBeforePost, privacyOf, requireDuration } from './creator.ts';
import type { TikTokOptions } from './options.ts';
import { readStatus, type SentPublish } from './status.ts';
import { publishUntilTaken, type SendNames } from './until-taken.ts';

/** Name of the part of an upload whose result names what it becomes. */
export const initStep = 'init';
export const BegunVideo = z.object({ publishId: z.string(), bytes: z.number() });

/** An upload address lives an hour. */
const addressLifeMs = 3_600_000;
/** The smallest chunk that TikTok takes, so that each is soon sent; the last one has what is left over. */
const chunkBytesMin = 5 * 1024 * 1024;

interface Chunks {
  readonly size: number;
  readonly count: number;
}

/** https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide, read 2026-11. */
export function chunksOf(bytes: number): Chunks {
  const count = Math.max(1, Math.floor(bytes / chunkBytesMin));
  return { size: count === 1 ? bytes : chunkBytesMin, count };
}

/**
 * Begun, sent chunk by chunk, and with the last chunk it is a post: until then nobody sees anything. What it becomes is asked for by
 * its publish id, which is on disk before any of its bytes are sent.
 */
export async function publishVideo(run: PublishRun, item: MediaItem, options: TikTokOptions): Promise<PublishFate> {
  const info = await infoOf(run, item, options);
  const chunks = chunksOf(item.bytes);
  return publishUntilTaken(run, (names) => sendVideo(run, names, { item, info, chunks }));
}

async function sendVideo(
  run: PublishRun,
  { publish, prefix }: SendNames,
  { item, info, chunks }: { item: MediaItem; info: Info | null; chunks: Chunks },
): Promise<SentPublish> {
  const uploaded = () =>
    livingUpload(run.now, async (generation, living) => {
      const name = (part: string) => `${prefix}${stepName({ index: 0, item, generation, part })}`;
      const begun = living(
        await run.step({
          name: name(initStep),
          effect: 'idempotent',
          run: ({ http }) => begin(run, http, { item, info, chunks }),
        }),
      );
      for (let index = 0; index < chunks.count - 1; index += 1) {
        const range = { start: index * chunks.size, end: (index + 1) * chunks.size };
        await run.step({
          name: name(`bytes from ${range.start}`),
          effect: 'idempotent',
          run: async ({ http }) => {
            await sendChunk(run, http, begun.publishId, { url: begun.url, item, range, effect: 'idempotent' });
            return range.end;
          },
        });
      }
      return begun;
    });
  // What was sent is not uploaded again, however long TikTok works on it: the step gives what it gave.
  const upload = run.hasResult(publish) ? { publishId: '', url: '' } : await uploaded();
  return run.step({
    name: publish,
    effect: 'once',
    run: async ({ http, startedAt }) => {
      const range = { start: (chunks.count - 1) * chunks.size, end: item.bytes };
      await sendChunk(run, http, upload.publishId, { url: upload.url, item, range, effect: 'once' });
      const isPublic = info?.['privacy_level'] === 'PUBLIC_TO_EVERYONE';
      return { publishId: upload.publishId, sentAt: startedAt.toISOString(), isPublic, kind: 'video' as const };
    },
  });
}

type Info = Readonly<Record<string, string | number | boolean>>;

/** Null for a draft. */
async function infoOf(run: PublishRun, item: MediaItem, options: TikTokOptions): Promise<Info | null> {
  if (options.postAs === 'draft') return null;
  const creator = await creatorBeforePost(run);
  requireDuration(item.durationMs, creator);
  return {
    title: run.content.text,
    privacy_level: privacyOf(options, creator),
    disable_comment: creator.commentOff || (options.disableComment ?? false),
    disable_duet: creator.duetOff || (options.disableDuet ?? false),
    disable_stitch: creator.stitchOff || (options.disableStitch ?? false),
    ...(options.coverOffsetMs === undefined ? {} : { video_cover_timestamp_ms: options.coverOffsetMs }),
    brand_content_toggle: options.brandContent ?? false,
    brand_organic_toggle: options.yourBrand ?? false,
    ...(options.madeWithAi === undefined ? {} : { is_aigc: options.madeWithAi }),
  };
}

const Begun = z.object({ publish_id: foreignId(), upload_url: z.string().max(4_000) });

async function begin(
  run: PublishRun,
  http: PlatformHttp,
  { item, info, chunks }: { item: MediaItem; info: Info | null; chunks: Chunks },
) {
  const source = {
    source: 'FILE_UPLOAD',
    video_size: item.bytes,
    chunk_size: chunks.size,
    total_chunk_count: chunks.count,
  };
  const { publish_id: publishId, upload_url: url } = await callTikTok({
    ...accessTo(run, http),
    method: 'POST',
    path: info === null ? '/v2/post/publish/inbox/video/init/' : '/v2/post/publish/video/init/',
    json: { ...(info === null ? {} : { post_info: info }), source_info: source },
    effect: 'idempotent',
    data: Begun,
  });
  if (!isUsable(apiOf(run.endpoints, tiktokName), url))
    throw new PlatformError('unavailable', 'TikTok named an address for the file that cannot be used', {
      platformCode: 'upload_address',
    });
  return { publishId, url, bytes: item.bytes, expiresAt: new Date(run.now.getTime() + addressLifeMs).toISOString() };
}

/** Another host, which gets no token of ours. */
function isUsable(api: string, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || origin === new URL(api).origin;
}

interface Chunk {
  readonly url: string;
  readonly item: MediaItem;
  readonly range: { readonly start: number; readonly end: number };
  readonly effect: StepEffect;
}

/** A repeat, after an answer that was lost, is refused: then the publish id tells whether the chunk is there. */
async function sendChunk(run: PublishRun, http: PlatformHttp, publishId: string, chunk: Chunk): Promise<void> {
  try {
    await put(run, http, chunk);
  } catch (error) {
    if (!(error instanceof PlatformError) || !error.platformCode.startsWith('upload_')) throw error;
    const state = await readStatus(run, http, publishId).catch(() => null);
    if (state === null || !hasArrived(state, chunk.range.end)) throw error;
  }
}

/** So many bytes are there, whatever became of them. */
export function hasArrived(
  { status, uploaded_bytes: received }: Pick<Awaited<ReturnType<typeof readStatus>>, 'status' | 'uploaded_bytes'>,
  bytes: number,
): boolean {
  return status === 'PROCESSING_UPLOAD' ? received !== undefined && received >= bytes : true;
}

async function put(run: PublishRun, http: PlatformHttp, { url, item, range, effect }: Chunk): Promise<void> {
  const { start, end } = range;
  const isAll = start === 0 && end === item.bytes;
  await callPlatform({
    http,
    platformName: tiktokName,
    request: {
      method: 'PUT',
      url,
      headers: { 'content-type': item.mimeType, 'content-range': `bytes ${start}-${end - 1}/${item.bytes}` },
      body: { stream: { byteLength: end - start, open: () => (isAll ? item.read() : item.read(range)) } },
    },
    effect,
    answer: z.unknown(),
    refusalOf: uploadRefusal,
  });
}

const uploadKinds: Readonly<Record<number, PlatformErrorKind>> = {
  400: 'unavailable',
  403: 'unavailable',
  404: 'unavailable',
  416: 'unavailable',
};

/** About the upload, not about the post: another one may do. */
function uploadRefusal({ status }: PlatformResponse) {
  return { kind: uploadKinds[status] ?? 'content', platformCode: `upload_${status}` } as const;
}
