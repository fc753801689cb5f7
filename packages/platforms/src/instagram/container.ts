import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { hostOf } from '../http/configured.ts';
import type { Parameters } from '../graph/call-graph.ts';
import { readyContainer, type StoredContainer } from '../graph/ready-container.ts';
import { uploadBytes } from '../graph/upload-bytes.ts';
import { urlOfMedia } from '../content/media-url.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { callInstagram, instagramName } from './api.ts';
import { passingFaults } from './errors.ts';

/** https://developers.facebook.com/docs/instagram-platform/content-publishing, read 2026-11. */
const Made = z.object({ id: foreignNumericId(), uri: z.string().max(2_000).optional().catch(undefined) });

/** A container that Instagram has ready. @param send brings the bytes where the container names an address for them */
export function readyInstagramContainer(
  run: PublishRun,
  name: string,
  make: (http: PlatformHttp) => Promise<z.infer<typeof Made>>,
  send: ((http: PlatformHttp, uri: string) => Promise<void>) | null = null,
): Promise<string> {
  return readyContainer(run, name, {
    platformName: instagramName,
    what: 'media',
    make: async (http) => {
      const { id, uri = null } = await make(http);
      return { id, uri };
    },
    async fill(own, { uri }) {
      if (send === null || uri === null) return;
      await run.step({
        name: `${own}: bytes`,
        effect: 'idempotent',
        run: async ({ http }) => {
          await send(http, uri);
          return true;
        },
      });
    },
    stateOf: (http, container) => awaitReady(run, http, container),
  });
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
async function awaitReady(run: PublishRun, http: PlatformHttp, { id, madeAt }: StoredContainer): Promise<string> {
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
