import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { accessTo } from '../connect/token-access.ts';
import type { MediaItem } from '../port/content.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { callLinkedIn } from './api.ts';
import { address, endOf, epochMs, putBytes, unusable } from './put-bytes.ts';
import { uploadUntilThere } from './upload-until-there.ts';

const BegunVideo = z.object({
  value: z.object({
    video: foreignId(),
    uploadToken: z.string().max(4_000).default(''),
    uploadUrlsExpireAt: epochMs,
    uploadInstructions: z
      .array(z.object({ uploadUrl: address, firstByte: z.int().nonnegative(), lastByte: z.int().nonnegative() }))
      .min(1)
      .max(1_000),
  }),
});

/** A film in the parts that LinkedIn asks for, each with a receipt. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api, read 2026-11. */
export function uploadVideo(run: PublishRun, item: MediaItem, index: number): Promise<string> {
  return uploadUntilThere(run, item, index, {
    collection: 'videos',
    begin: (http) => beginVideo(run, http, item),
    async send(begun, name) {
      const receipts: string[] = [];
      for (const part of begun.parts) {
        const range = { start: part.start, end: part.end };
        receipts.push(
          await run.step({
            name: name(`bytes from ${part.start}`),
            effect: 'idempotent',
            run: async ({ http }) =>
              (await putBytes(run, http, { url: part.url, item, range, isOurs: false }, Receipt, headersOf)).etag,
          }),
        );
      }
      return run.step({
        name: name('finish'),
        effect: 'idempotent',
        run: async ({ http }) => {
          await finishVideo(run, http, { video: begun.urn, uploadToken: begun.token, uploadedPartIds: receipts });
          return run.now.toISOString();
        },
      });
    },
  });
}

async function beginVideo(run: PublishRun, http: PlatformHttp, item: MediaItem) {
  const { value } = await callLinkedIn({
    ...accessTo(run, http),
    method: 'POST',
    path: '/rest/videos',
    query: { action: 'initializeUpload' },
    json: {
      initializeUploadRequest: {
        owner: run.account.externalId,
        fileSizeBytes: item.bytes,
        uploadCaptions: false,
        uploadThumbnail: false,
      },
    },
    effect: 'idempotent',
    answer: BegunVideo,
  });
  const parts = value.uploadInstructions.map(({ uploadUrl, firstByte, lastByte }) => ({
    url: uploadUrl,
    start: firstByte,
    end: lastByte + 1,
  }));
  const isWhole = parts.every(({ start, end }, at) => end > start && start === (parts[at - 1]?.end ?? 0));
  if (!isWhole || parts.at(-1)?.end !== item.bytes) throw unusable('named parts that are not the file', 'upload_parts');
  return {
    urn: value.video,
    token: value.uploadToken,
    parts,
    expiresAt: endOf(run.now, value.uploadUrlsExpireAt),
  };
}

async function finishVideo(
  run: PublishRun,
  http: PlatformHttp,
  finalizeUploadRequest: { video: string; uploadToken: string; uploadedPartIds: readonly string[] },
): Promise<void> {
  await callLinkedIn({
    ...accessTo(run, http),
    method: 'POST',
    path: '/rest/videos',
    query: { action: 'finalizeUpload' },
    json: { finalizeUploadRequest },
    effect: 'idempotent',
    answer: z.unknown(),
  });
}

const Receipt = z.object({ etag: z.string().min(1).max(500) });

function headersOf({ headers }: { readonly headers: Readonly<Record<string, string>> }): unknown {
  return headers;
}
