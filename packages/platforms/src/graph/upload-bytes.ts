import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import type { MediaItem } from '../port/content.ts';
import { callGraph } from './call-graph.ts';
import { graphRefusal } from './errors.ts';

/** Failures of the host for bytes have a shape of their own. */
const DebugInfo = z.object({
  debug_info: z.object({
    retriable: z.boolean().optional().catch(undefined),
    type: z.string().optional().catch(undefined),
    message: z.string().optional().catch(undefined),
  }),
});

/**
 * Sends a file to the host that takes bytes, from where it left off. https://developers.facebook.com/docs/video-api/guides/reels-publishing, read 2026-11.
 * @param upload the address that was given out, which has to be of `host`: the account's token goes there
 */
export async function uploadBytes(upload: {
  readonly http: PlatformHttp;
  readonly platformName: string;
  readonly accessToken: string;
  readonly url: string;
  readonly host: string;
  readonly item: MediaItem;
  readonly offset: number;
}): Promise<void> {
  const { http, platformName, accessToken, url, host, item, offset } = upload;
  if (!URL.canParse(url) || new URL(url).origin !== new URL(host).origin) {
    const message = `${platformName} named an address for the file that is not its own`;
    throw new PlatformError('unavailable', message, { platformCode: 'upload_address' });
  }
  const byteLength = item.bytes - offset;
  await callGraph({
    http,
    platformName,
    url,
    method: 'POST',
    headers: {
      authorization: `OAuth ${accessToken}`,
      'content-type': 'application/octet-stream',
      offset: String(offset),
      file_size: String(item.bytes),
    },
    stream: { byteLength, open: () => (offset === 0 ? item.read() : item.read({ start: offset, end: item.bytes })) },
    effect: 'idempotent',
    answer: z.object({ success: z.literal(true) }),
    refusalOf: refusalOfBytes,
  });
}

function refusalOfBytes(response: PlatformResponse): Refusal {
  const info = DebugInfo.safeParse(response.json).data?.debug_info;
  if (info === undefined) return graphRefusal('idempotent')(response);
  const platformCode = info.type ?? `http_${response.status}`;
  return { kind: info.retriable === false ? 'content' : 'unavailable', platformCode, reason: info.message };
}
