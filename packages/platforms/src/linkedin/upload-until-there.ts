import { z } from 'zod';
import { accessTo } from '../connect/token-access.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import type { MediaItem } from '../port/content.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { callLinkedIn } from './api.ts';
import { unusable } from './put-bytes.ts';

/** Name of the part of an upload whose result names what a post will show. */
export const assetStep = 'begin';
export const BegunAsset = z.object({ urn: z.string() });

type NameOf = (part: string) => string;

interface Upload<Begun> {
  readonly collection: 'images' | 'documents' | 'videos';
  readonly begin: (http: PlatformHttp) => Promise<Begun>;
  /** Gives when it was sent. */
  readonly send: (begun: Begun, name: NameOf) => Promise<string>;
}

/** What LinkedIn lost or could not process, and what came too late for its address, is uploaded anew, so often in all. */
const uploadsMax = 3;

/** What it stands for among LinkedIn's media. @throws PlatformError `media_processing` while LinkedIn works on it */
export async function uploadUntilThere<Begun extends { readonly urn: string; readonly expiresAt: string }>(
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
