import { z } from 'zod';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf, authorizeOf, hostOf } from '../http/configured.ts';
import type { MediaItem } from '../port/content.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishRun } from '../port/publish.ts';
import { linkedInName } from './api.ts';
import { linkedInRefusal } from './errors.ts';

/** Of a begun upload, as LinkedIn tells it. */
export const address = z.string().max(4_000);
export const epochMs = z.number().positive().optional().catch(undefined);

/** Sends bytes to the address that LinkedIn named. @param given `isOurs`: the account's token goes along. The address has to be LinkedIn's own */
export function putBytes<Answer>(
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

/** What LinkedIn gave cannot be used: another upload may do. */
export function unusable(what: string, platformCode: string): PlatformError {
  return new PlatformError('unavailable', `${linkedInName} ${what}`, { platformCode });
}

const addressLifeMs = 24 * 3_600_000;
const addressLifeMsMin = 3_600_000;

/** What was uploaded outlives its address: one that ends soon is not begun again at once. */
export function endOf(now: Date, toldMs: number | undefined): string {
  const told = toldMs ?? now.getTime() + addressLifeMs;
  const within = Math.min(Math.max(told, now.getTime() + addressLifeMsMin), now.getTime() + 30 * addressLifeMs);
  return new Date(within).toISOString();
}
