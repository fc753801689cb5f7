import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { accessTo } from '../connect/token-access.ts';
import type { MediaItem } from '../port/content.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { callLinkedIn } from './api.ts';
import { address, endOf, epochMs, putBytes } from './put-bytes.ts';
import { uploadUntilThere } from './upload-until-there.ts';

const BegunImage = z.object({
  value: z.object({ image: foreignId(), uploadUrl: address, uploadUrlExpiresAt: epochMs }),
});
const BegunDocument = z.object({
  value: z.object({ document: foreignId(), uploadUrl: address, uploadUrlExpiresAt: epochMs }),
});
type BegunFile = {
  readonly urn: string;
  readonly url: string;
  readonly expiresAt: string;
};

/** A picture: its place is asked for, its bytes are sent, and LinkedIn makes it ready. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api, read 2026-11. */
export function uploadImage(run: PublishRun, item: MediaItem, index: number): Promise<string> {
  return uploadWhole(run, item, index, { collection: 'images', begin: beginImage });
}

/** A document, in the same three steps. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/documents-api, read 2026-11. */
export function uploadDocument(run: PublishRun, item: MediaItem, index: number): Promise<string> {
  return uploadWhole(run, item, index, { collection: 'documents', begin: beginDocument });
}

interface WholeFile {
  readonly collection: 'images' | 'documents';
  readonly begin: (run: PublishRun, http: PlatformHttp) => Promise<BegunFile>;
}

function uploadWhole(run: PublishRun, item: MediaItem, index: number, { collection, begin }: WholeFile) {
  return uploadUntilThere(run, item, index, {
    collection,
    begin: (http) => begin(run, http),
    send: (begun, name) =>
      run.step({
        name: name('bytes'),
        effect: 'idempotent',
        run: async ({ http }) => {
          await putBytes(run, http, { url: begun.url, item, isOurs: true }, z.unknown());
          return run.now.toISOString();
        },
      }),
  });
}

async function beginImage(run: PublishRun, http: PlatformHttp): Promise<BegunFile> {
  const { value } = await callLinkedIn({ ...beginning(run, http, 'images'), answer: BegunImage });
  return { urn: value.image, url: value.uploadUrl, expiresAt: endOf(run.now, value.uploadUrlExpiresAt) };
}

async function beginDocument(run: PublishRun, http: PlatformHttp): Promise<BegunFile> {
  const { value } = await callLinkedIn({ ...beginning(run, http, 'documents'), answer: BegunDocument });
  return { urn: value.document, url: value.uploadUrl, expiresAt: endOf(run.now, value.uploadUrlExpiresAt) };
}

function beginning(run: PublishRun, http: PlatformHttp, collection: WholeFile['collection']) {
  return {
    ...accessTo(run, http),
    method: 'POST',
    path: `/rest/${collection}`,
    query: { action: 'initializeUpload' },
    json: { initializeUploadRequest: { owner: run.account.externalId } },
    effect: 'idempotent',
  } as const;
}
