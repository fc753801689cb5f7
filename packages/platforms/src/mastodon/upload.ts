import { z } from 'zod';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callMastodon, instanceOf } from './api.ts';
import type { MastodonOptions } from './options.ts';

export const MastodonUpload = z.object({ mediaId: z.string().min(1), isReady: z.boolean(), expiresAt: z.string() });
export type MastodonUpload = z.infer<typeof MastodonUpload>;

type FocalPoint = NonNullable<MastodonOptions['focalPoints']>[number];

/** Without an address while the instance is working on it. https://docs.joinmastodon.org/methods/media/, read 2026-11. */
const Attachment = z.object({ id: z.string().min(1), url: z.string().nullish() });

/** Instances remove what no post shows after a day. */
const unattachedLifeMs = 24 * 3_600_000;
const pollAfterMs = 2_000;

/**
 * Brings a picture or video to the instance, with its description.
 * @throws PlatformError `media_processing` while the instance is working on it
 */
export async function uploadToMastodon(
  run: PublishRun,
  item: MediaItem,
  index: number,
  focus?: FocalPoint,
): Promise<MastodonUpload> {
  return livingUpload(run.now, async (generation, living) => {
    const name = (part: string) => stepName({ index, item, generation, part });
    const upload = living(
      await run.step({ name: name('upload'), effect: 'idempotent', run: ({ http }) => send(run, http, item, focus) }),
    );
    if (!upload.isReady) {
      await run.step({
        name: name('processed'),
        effect: 'read',
        run: ({ http }) => awaitProcessing(run, http, upload.mediaId),
      });
    }
    return upload;
  });
}

async function send(
  run: PublishRun,
  http: PublishRun['http'],
  item: MediaItem,
  focus: FocalPoint | undefined,
): Promise<MastodonUpload> {
  const stream = { byteLength: item.bytes, open: () => item.read() };
  const attachment = await callMastodon({
    ...callOf(run, http),
    method: 'POST',
    path: '/api/v2/media',
    multipart: [
      ...(item.alt === null || item.alt === '' ? [] : [{ name: 'description', value: item.alt }]),
      ...(focus === undefined ? [] : [{ name: 'focus', value: `${focus.x},${focus.y}` }]),
      { name: 'file', fileName: 'media', contentType: item.mimeType, stream },
    ],
    effect: 'idempotent',
    answer: Attachment,
  });
  const expiresAt = new Date(run.now.getTime() + unattachedLifeMs).toISOString();
  return { mediaId: attachment.id, isReady: isReady(attachment), expiresAt };
}

async function awaitProcessing(run: PublishRun, http: PublishRun['http'], id: string): Promise<true> {
  const path = `/api/v1/media/${encodeURIComponent(id)}`;
  const attachment = await callMastodon({
    ...callOf(run, http),
    method: 'GET',
    path,
    effect: 'read',
    answer: Attachment,
  });
  if (isReady(attachment)) return true;
  const message = 'The instance is still working on the file';
  throw new PlatformError('media_processing', message, { platformCode: 'processing', retryAfterMs: pollAfterMs });
}

function isReady({ url }: z.infer<typeof Attachment>): boolean {
  return typeof url === 'string' && url !== '';
}

function callOf({ account, accessToken }: PublishRun, http: PublishRun['http']) {
  return { http, instance: instanceOf(account), accessToken };
}
