import type { PlatformResponse } from '../port/platform-http.ts';

type Answer = Pick<PlatformResponse, 'headers' | 'receivedAt'>;

const secondMs = 1_000;
/** A wait beyond this is taken for a broken header. */
const waitMsMax = 7 * 24 * 60 * 60 * secondMs;

/** `Retry-After` in seconds or as a date, ms from now; null where it is missing or makes no sense. */
export function retryAfterMsOf(response: Answer): number | null {
  const value = response.headers['retry-after']?.trim();
  if (value === undefined || value === '') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return plausible(Number(value) * secondMs);
  return /^[a-z]{3}/iu.test(value) ? msUntil(Date.parse(value), response) : null;
}

/** A reset header in epoch seconds (X, Bluesky) or ISO 8601 (Mastodon), ms from now. */
export function resetMsOf(response: Answer, headerName: string): number | null {
  const value = response.headers[headerName]?.trim();
  if (value === undefined || value === '') return null;
  return msUntil(/^\d+(\.\d+)?$/.test(value) ? Number(value) * secondMs : Date.parse(value), response);
}

/** A header in seconds from now, with or without a fraction (Discord), in ms. */
export function secondsMsOf(response: Answer, headerName: string): number | null {
  const value = response.headers[headerName]?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(value) ? plausible(Number(value) * secondMs) : null;
}

/** Measured against the platform's own clock where it tells it, so that ours may be wrong. */
function msUntil(epochMs: number, { headers, receivedAt }: Answer): number | null {
  const platformNowMs = Date.parse(headers['date'] ?? '');
  return plausible(epochMs - (Number.isNaN(platformNowMs) ? receivedAt.getTime() : platformNowMs));
}

function plausible(waitMs: number): number | null {
  if (!Number.isFinite(waitMs) || waitMs > waitMsMax) return null;
  return Math.max(0, Math.ceil(waitMs));
}
