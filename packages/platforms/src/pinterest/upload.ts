import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import { livingUpload, stepName } from '../content/media-steps.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import type { PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callPinterest, pinterestName } from './api.ts';

const fieldName = /^[\w.-]{1,100}$/u;
const fieldsMax = 50;
const Registered = z.object({
  media_id: foreignNumericId(),
  upload_url: z.string().max(4_000),
  upload_parameters: z
    .record(z.string().regex(fieldName), z.string().max(16_000))
    .refine((fields) => Object.keys(fields).length <= fieldsMax),
});

/** How long an address takes a file is not documented: one that is half an hour old is not relied on. */
const addressLifeMs = 3_600_000;

/** A video: registered, sent to the address that is given, with its fields, and made ready. https://developers.pinterest.com/docs/api-features/creating-boards-and-pins, read 2026-11. */
export async function uploadVideo(run: PublishRun, item: MediaItem, index: number): Promise<string> {
  const { mediaId } = await livingUpload(run.now, async (generation, living) => {
    const name = (part: string) => stepName({ index, item, generation, part });
    const registered = await run.step({
      name: name('register'),
      effect: 'idempotent',
      run: ({ http }) => register(run, http),
    });
    if (!run.hasResult(name('bytes'))) living(registered);
    await run.step({
      name: name('bytes'),
      effect: 'idempotent',
      run: async ({ http }) => {
        await send(run, http, item, registered);
        return true;
      },
    });
    await run.step({
      name: name('ready'),
      effect: 'read',
      run: ({ http }) => awaitReady(run, http, registered.mediaId),
    });
    return registered;
  });
  return mediaId;
}

interface RegisteredVideo {
  readonly mediaId: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

async function register(run: PublishRun, http: PlatformHttp) {
  const json = { media_type: 'video' };
  const ask = { ...accessTo(run, http), method: 'POST', path: '/v5/media', json, effect: 'idempotent' } as const;
  const {
    media_id: mediaId,
    upload_url: url,
    upload_parameters: fields,
  } = await callPinterest({
    ...ask,
    answer: Registered,
  });
  if (!isUsable(apiOf(run.endpoints, pinterestName), url))
    throw new PlatformError('unavailable', 'Pinterest named an address for the file that cannot be used', {
      platformCode: 'upload_address',
    });
  return { mediaId, url, fields, expiresAt: new Date(run.now.getTime() + addressLifeMs).toISOString() };
}

/** A bucket on another host, which gets no token of ours. */
function isUsable(api: string, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || origin === new URL(api).origin;
}

async function send(run: PublishRun, http: PlatformHttp, item: MediaItem, to: RegisteredVideo): Promise<void> {
  const stream = { byteLength: item.bytes, open: () => item.read() };
  const fields = Object.entries(to.fields).map(([name, value]) => ({ name, value }));
  await callPlatform({
    http,
    platformName: pinterestName,
    request: {
      method: 'POST',
      url: to.url,
      // The file comes last: what follows it is not looked at.
      body: { multipart: [...fields, { name: 'file', fileName: 'video', contentType: item.mimeType, stream }] },
    },
    effect: 'idempotent',
    answer: z.unknown(),
    refusalOf: uploadRefusal,
  });
}

/** The bucket's refusals are about its address, which another one may replace. */
function uploadRefusal({ status }: PlatformResponse) {
  return { kind: 'unavailable', platformCode: `upload_${status}` } as const;
}

const Media = z.object({ status: z.enum(['registered', 'processing', 'succeeded', 'failed']) });
const pollAfterMs = 5_000;

async function awaitReady(run: PublishRun, http: PlatformHttp, id: string): Promise<true> {
  const ask = { ...accessTo(run, http), method: 'GET', path: `/v5/media/${id}`, effect: 'read' } as const;
  const { status } = await callPinterest({ ...ask, answer: Media });
  if (status === 'succeeded') return true;
  if (status === 'failed')
    throw new PlatformError('content', 'Pinterest could not process the video', { platformCode: 'media_failed' });
  const message = 'Pinterest is working on the video';
  throw new PlatformError('media_processing', message, {
    platformCode: `media_${status}`,
    retryAfterMs: pollAfterMs,
  });
}
