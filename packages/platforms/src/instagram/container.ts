import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { hostOf } from '../http/configured.ts';
import type { Parameters } from '../graph/call-graph.ts';
import { uploadBytes } from '../graph/upload-bytes.ts';
import { urlOfMedia } from '../content/media-url.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { callInstagram, instagramName } from './api.ts';
import { passingFaults } from './errors.ts';

/** What may become a post, or an item of one. Nobody sees it; it lives a day. https://developers.facebook.com/docs/instagram-platform/content-publishing, read 2026-11. */
export const StoredContainer = z.object({ id: z.string(), expiresAt: z.string() });
export type StoredContainer = z.infer<typeof StoredContainer>;

const Made = z.object({ id: foreignNumericId(), uri: z.string().max(2_000).optional().catch(undefined) });

const lifeMs = 24 * 3_600_000;
/** Containers whose media could not be fetched or read, by no fault of the media's, are made anew so often. */
const failuresMax = 3;

/**
 * A container that is ready to be published; made anew where the one before it is near its end, or failed for a reason that passes.
 * @param name of its steps: changes with what is in it
 * @throws PlatformError `media_processing` while Instagram is working on it
 */
export async function readyContainer(
  run: PublishRun,
  name: string,
  make: (http: PlatformHttp) => Promise<z.infer<typeof Made>>,
  send: ((http: PlatformHttp, uri: string) => Promise<void>) | null = null,
): Promise<string> {
  let failures = 0;
  for (let generation = 0; ; generation += 1) {
    const again = generation === 0 ? '' : ` again ${generation}`;
    const made = await run.step({
      name: `${name}${again}`,
      effect: 'idempotent',
      run: async ({ http }) => {
        const { id, uri = null } = await make(http);
        return {
          id,
          uri,
          madeAt: run.now.toISOString(),
          expiresAt: new Date(run.now.getTime() + lifeMs).toISOString(),
        };
      },
    });
    if (isNearEnd(made, run.now)) continue;
    const { uri } = made;
    if (send !== null && uri !== null) {
      await run.step({
        name: `${name}${again}: bytes`,
        effect: 'idempotent',
        run: async ({ http }) => {
          await send(http, uri);
          return true;
        },
      });
    }
    const state = await run.step({
      name: `${name}${again}: ready`,
      effect: 'read',
      run: ({ http }) => awaitReady(run, http, made),
    });
    if (state === 'ready') return made.id;
    failures += 1;
    if (failures === failuresMax) throw failed(state);
  }
}

const lifeLeftMinMs = 30 * 60_000;

function isNearEnd({ expiresAt }: { expiresAt: string }, now: Date): boolean {
  return Date.parse(expiresAt) - now.getTime() < lifeLeftMinMs;
}

export const Status = z.object({
  status_code: z.enum(['EXPIRED', 'ERROR', 'FINISHED', 'IN_PROGRESS', 'PUBLISHED']),
  status: z.string().optional().catch(undefined),
});

export function readStatus(call: AccountCall, http: PlatformHttp, id: string) {
  const path = `/${encodeURIComponent(id)}`;
  const query = { fields: 'status_code,status' };
  return callInstagram({ ...callOf(call, http), method: 'GET', path, query, effect: 'read', answer: Status });
}

/** `gone`: Instagram does not know it now, which may pass. */
export async function codeOrGone(call: AccountCall, http: PlatformHttp, id: string) {
  try {
    return (await readStatus(call, http, id)).status_code;
  } catch (error) {
    if (isMissing(error)) return 'gone';
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'media_processing');
}

const pollAfterMs = 5_000;
/** Containers are seen to be missing for a moment after they were made. */
const missingMsMax = 10 * 60_000;

/** `ready`, or the code of what went wrong and may go right with another container. */
async function awaitReady(
  run: PublishRun,
  http: PlatformHttp,
  { id, madeAt }: { id: string; madeAt: string },
): Promise<string> {
  const state = await readStatus(run, http, id).catch((error: unknown) => {
    const isYoung = run.now.getTime() - Date.parse(madeAt) < missingMsMax;
    if (isMissing(error)) return isYoung ? null : 'missing';
    throw error;
  });
  if (state === 'missing') return 'missing';
  switch (state?.status_code) {
    case 'FINISHED':
    case 'PUBLISHED':
      return 'ready';
    case 'EXPIRED':
      return 'expired';
    case 'ERROR': {
      const code = /\b2207\d{3}\b/u.exec(state.status ?? '')?.[0] ?? 'unknown';
      if (code === 'unknown' || passingFaults.has(code)) return code;
      throw new PlatformError('content', `Instagram cannot use a picture or video (${code})`, { platformCode: code });
    }
    case 'IN_PROGRESS':
    case undefined:
      throw new PlatformError('media_processing', 'Instagram is still working on the media', {
        platformCode: 'in_progress',
        retryAfterMs: pollAfterMs,
      });
  }
}

function failed(code: string): PlatformError {
  const message = `Instagram could not prepare the media, ${failuresMax} times in a row (${code})`;
  return new PlatformError('unavailable', message, { platformCode: `container_${code}` });
}

/** Pictures are fetched from our address; videos are sent as bytes, which needs nobody to reach us. */
export async function makeContainer(
  run: PublishRun,
  http: PlatformHttp,
  item: MediaItem | null,
  parameters: Parameters,
): Promise<z.infer<typeof Made>> {
  const source =
    item === null
      ? {}
      : item.kind === 'video'
        ? { upload_type: 'resumable' }
        : { image_url: urlOfMedia(item, instagramName) };
  return callInstagram({
    ...callOf(run, http),
    method: 'POST',
    path: `/${encodeURIComponent(run.account.externalId)}/media`,
    form: { ...parameters, ...source },
    effect: 'idempotent',
    answer: Made,
  });
}

export function sendVideo(run: PublishRun, item: MediaItem) {
  const host = hostOf(run.endpoints, 'upload', instagramName);
  const { accessToken } = run;
  return (http: PlatformHttp, url: string) =>
    uploadBytes({ http, platformName: instagramName, accessToken, url, host, item, offset: 0 });
}

export function callOf({ endpoints, accessToken, details }: AccountCall, http: PlatformHttp) {
  return { endpoints, accessToken, details, http };
}
