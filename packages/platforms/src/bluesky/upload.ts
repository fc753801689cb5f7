import { z } from 'zod';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callXrpc, serviceOf } from './api.ts';
import { directBytesMax, withSmallerPictures } from './blob-limit.ts';
import { BlobRef, unnamedUntil } from './blob-ref.ts';
import { uploadThroughService } from './video-service.ts';

/** What the post shows beside its text, once all of it is on the account's server; undefined where there is nothing. */
export async function embedOf(run: PublishRun): Promise<object | undefined> {
  const shown: { blob: BlobRef; item: MediaItem }[] = [];
  for (const [index, item] of run.content.media.entries()) {
    shown.push({ blob: await upload(run, item, index), item });
  }
  const [first] = shown;
  if (first === undefined) return cardEmbed(run);
  if (first.item.kind === 'video') return { $type: 'app.bsky.embed.video', video: first.blob, ...describe(first.item) };
  const images = shown.map(({ blob, item }) => ({ image: blob, ...describe(item) }));
  return { $type: 'app.bsky.embed.images', images };
}

/** https://atproto.com/lexicons/app-bsky-embed#appbskyembedexternal */
async function cardEmbed(run: PublishRun): Promise<object | undefined> {
  const { card = null } = run.content;
  if (card === null) return undefined;
  const { url: uri, title, description, picture } = card;
  const thumb = picture === null ? {} : { thumb: await uploadBlob(run, picture, 0) };
  return { $type: 'app.bsky.embed.external', external: { uri, title, description, ...thumb } };
}

async function upload(run: PublishRun, item: MediaItem, index: number): Promise<BlobRef> {
  const isVideo = item.kind === 'video';
  if (isVideo && !isTakenDirectly(run.account, item)) return uploadThroughService(run, item, index);
  try {
    return await uploadBlob(run, item, index);
  } catch (error) {
    if (isVideo && isTooLarge(error)) return uploadThroughService(run, item, index);
    throw withSmallerPictures(error, run.account, [item]);
  }
}

/** Servers take MP4 alone, and longer ones are not shown where nobody has worked on them. */
function isTakenDirectly(account: PublishRun['account'], { mimeType, bytes, durationMs }: MediaItem): boolean {
  const isShort = durationMs === null || durationMs <= directDurationMsMax;
  return mimeType === 'video/mp4' && isShort && bytes <= directBytesMax(account);
}

const directDurationMsMax = 180_000;

/** Of the account's server, or of one in front of it. */
function isTooLarge(error: unknown): boolean {
  return error instanceof PlatformError && ['PayloadTooLarge', 'http_413', 'BlobTooLarge'].includes(error.platformCode);
}

async function uploadBlob(run: PublishRun, item: MediaItem, index: number): Promise<BlobRef> {
  const { account, now } = run;
  const { blob } = await livingUpload(now, (generation) =>
    run.step({
      name: stepName({ index, item, generation, part: 'upload' }),
      effect: 'idempotent',
      run: async ({ http }) => {
        const answer = await callXrpc({
          http,
          service: serviceOf(account),
          method: 'POST',
          nsid: 'com.atproto.repo.uploadBlob',
          access: run,
          file: { mimeType: item.mimeType, stream: { byteLength: item.bytes, open: () => item.read() } },
          effect: 'idempotent',
          answer: z.object({ blob: BlobRef }),
        });
        return { blob: answer.blob, expiresAt: unnamedUntil(now) };
      },
    }),
  );
  return blob;
}

/** The lexicon wants a description of each picture, if an empty one. */
function describe({ alt, width, height }: MediaItem) {
  return { alt: alt ?? '', aspectRatio: { width, height } };
}
