import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf, authorizeOf, hostOf } from '../http/configured.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { accessTo, callLinkedIn, linkedInName } from './api.ts';
import { linkedInRefusal } from './errors.ts';

/** Name of the part of an upload whose result names what a post will show. */
export const assetStep = 'begin';
export const BegunAsset = z.object({ urn: z.string() });

const address = z.string().max(4_000);
const epochMs = z.number().positive().optional().catch(undefined);
const BegunImage = z.object({
  value: z.object({ image: foreignId(), uploadUrl: address, uploadUrlExpiresAt: epochMs }),
});
const BegunDocument = z.object({
  value: z.object({ document: foreignId(), uploadUrl: address, uploadUrlExpiresAt: epochMs }),
});
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
          await put(run, http, { url: begun.url, item, isOurs: true }, z.unknown());
          return run.now.toISOString();
        },
      }),
  });
}

type NameOf = (part: string) => string;

interface Upload<Begun> {
  readonly collection: 'images' | 'documents' | 'videos';
  readonly begin: (http: PlatformHttp) => Promise<Begun>;
  /** Gives when it was sent. */
  readonly send: (begun: Begun, name: NameOf) => Promise<string>;
}

/** What LinkedIn lost or could not process, and what came too late for its address, is uploaded anew, so often in all. */
const uploadsMax = 3;

async function uploadUntilThere<Begun extends { readonly urn: string; readonly expiresAt: string }>(
  run: PublishRun,
  item: MediaItem,
  index: number,
  { collection, begin, send }: Upload<Begun>,
): Promise<string> {
  let failures = 0;
  const { urn } = await livingUpload(run.now, async (generation) => {
    const name: NameOf = (part) => stepName({ index, item, generation, part });
    const begun = await run.step({ name: name(assetStep), effect: 'idempotent', run: ({ http }) => begin(http) });
    const path = `/rest/${collection}/${encodeURIComponent(begun.urn)}`;
    const readiness = await readinessOf(run, begun.urn, async () =>
      awaitReady(run, { name: name('ready'), path, sentAt: await send(begun, name) }),
    );
    if (readiness === 'there') return begun;
    failures += 1;
    if (failures === uploadsMax) throw readiness === 'lost' ? uploadLost() : processingFailed();
    return { ...begun, expiresAt: new Date(0).toISOString() };
  });
  return urn;
}

type Readiness = 'there' | 'lost' | 'failed';

async function readinessOf(run: PublishRun, urn: string, read: () => Promise<Readiness>): Promise<Readiness> {
  if (run.hasResult(unusableStep(urn))) return 'failed';
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PlatformError && error.platformCode === 'EXPIRED_UPLOAD_URL')) throw error;
    await markUnusable(run, urn);
    return 'lost';
  }
}

function unusableStep(urn: string): string {
  return `${urn}: unusable`;
}

/** It is uploaded anew at the next run. */
export async function markUnusable(run: PublishRun, urn: string): Promise<void> {
  await run.step({ name: unusableStep(urn), effect: 'read', run: async () => true });
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
              (await put(run, http, { url: part.url, item, range, isOurs: false }, Receipt, headersOf)).etag,
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

/** @param given `isOurs`: the account's token goes along, so that the address has to be LinkedIn's own */
function put<Answer>(
  run: PublishRun,
  http: PlatformHttp,
  given: { url: string; item: MediaItem; range?: { start: number; end: number }; isOurs: boolean },
  answer: z.ZodType<Answer>,
  read: (response: { readonly headers: Readonly<Record<string, string>> }) => unknown = () => null,
): Promise<Answer> {
  const { url, item, range = { start: 0, end: item.bytes }, isOurs } = given;
  if (!isOwnAddress(run.endpoints, url))
    throw unusable('named an address for the file that is not its own', 'upload_address');
  const isAll = range.start === 0 && range.end === item.bytes;
  const open = () => (isAll ? item.read() : item.read(range));
  return callPlatform({
    http,
    platformName: linkedInName,
    request: {
      method: 'PUT',
      url,
      headers: {
        ...(isOurs ? { authorization: `Bearer ${run.accessToken}` } : {}),
        'content-type': 'application/octet-stream',
      },
      body: { stream: { byteLength: range.end - range.start, open } },
    },
    effect: 'idempotent',
    answer,
    read,
    refusalOf: linkedInRefusal('idempotent'),
  });
}

function isOwnAddress(endpoints: PlatformEndpoints, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const own = [
    hostOf(endpoints, 'upload', linkedInName),
    authorizeOf(endpoints, linkedInName),
    apiOf(endpoints, linkedInName),
  ];
  return own.some((base) => new URL(base).origin === new URL(url).origin);
}

const Status = z.object({ status: z.string().regex(/^[A-Z_]{1,50}$/u) });

/** Bytes that LinkedIn still waits for so long after it took them have not arrived. */
const arrivalMsMax = 60_000;

/** Who may only write is not told: LinkedIn takes what is not ready then, or says so. */
async function awaitReady(
  run: PublishRun,
  { name, path, sentAt }: { readonly name: string; readonly path: string; readonly sentAt: string },
): Promise<Readiness> {
  const status = await run.step({
    name,
    effect: 'read',
    run: async ({ http }) => {
      const told = await readStatus(run, http, path);
      if (['AVAILABLE', 'unknown', 'PROCESSING_FAILED'].includes(told)) return told;
      if (told === 'WAITING_UPLOAD' && run.now.getTime() - Date.parse(sentAt) > arrivalMsMax) return 'lost';
      const message = 'LinkedIn is working on the file';
      throw new PlatformError('media_processing', message, { platformCode: `MEDIA_ASSET_${told}` });
    },
  });
  if (status === 'lost') return 'lost';
  return status === 'PROCESSING_FAILED' ? 'failed' : 'there';
}

export const processingFailedCode = 'MEDIA_ASSET_PROCESSING_FAILED';

function processingFailed(): PlatformError {
  const message = `LinkedIn could not process the file, ${uploadsMax} times in a row`;
  return new PlatformError('content', message, { platformCode: processingFailedCode });
}

function uploadLost(): PlatformError {
  return unusable(`lost the file, ${uploadsMax} times in a row`, 'upload_lost');
}

async function readStatus(run: PublishRun, http: PlatformHttp, path: string): Promise<string> {
  try {
    const call = { ...accessTo(run, http), method: 'GET', path, effect: 'read', answer: Status } as const;
    return (await callLinkedIn(call)).status;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'permission') return 'unknown';
    throw error;
  }
}

const addressLifeMs = 24 * 3_600_000;
const addressLifeMsMin = 3_600_000;

/** What was uploaded outlives its address: one that ends soon is not begun again at once. */
function endOf(now: Date, toldMs: number | undefined): string {
  const told = toldMs ?? now.getTime() + addressLifeMs;
  const within = Math.min(Math.max(told, now.getTime() + addressLifeMsMin), now.getTime() + 30 * addressLifeMs);
  return new Date(within).toISOString();
}

function unusable(what: string, platformCode: string): PlatformError {
  return new PlatformError('unavailable', `${linkedInName} ${what}`, { platformCode });
}
