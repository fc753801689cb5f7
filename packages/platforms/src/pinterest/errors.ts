import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { retryAfterMsOf, secondsMsOf } from '../http/retry-after.ts';

const PinterestError = z.object({
  code: z.int().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  409: 'unavailable',
  429: 'rate_limit',
};

/** A scope is missing: a new token would not have it either. */
const scopeMissing = 3;

/** Rules of Pinterest's that have no number of their own: only their words tell them from other refusals. */
function kindByWords(message = ''): PlatformErrorKind | undefined {
  if (/maximum number of \d+ (?:posts|pins)/iu.test(message)) return 'quota';
  return /may lead to spam|blocked this link/iu.test(message) ? 'policy' : undefined;
}

/** The status decides; the number tells which of its reasons it is. https://developers.pinterest.com/docs/reference/error-codes, read 2026-11. */
export function pinterestRefusal(effect: StepEffect): (response: PlatformResponse) => Refusal {
  return (response) => {
    const { code, message } = PinterestError.safeParse(response.json).data ?? {};
    const byWords = response.status < 500 && response.status !== 401 ? kindByWords(message) : undefined;
    const known = code === scopeMissing ? 'permission' : (byWords ?? kindByStatus[response.status] ?? 'content');
    return {
      // Two writes at once leave it open which of them was done.
      kind: known === 'unavailable' && effect === 'once' ? 'ambiguous' : known,
      platformCode: codeOf(response, code),
      reason: message,
      retryAfterMs: response.status === 429 ? waitMs(response) : null,
    };
  };
}

/** A code or refresh token that is not good has a number of its own; whatever else is refused here is the application's fault. */
const grantInvalid = 283;

/** The reason is left out: these requests carry secrets in their bodies. */
export function pinterestGrantRefusal(response: PlatformResponse): Refusal {
  const { code } = PinterestError.safeParse(response.json).data ?? {};
  const platformCode = codeOf(response, code);
  if (response.status === 429) return { kind: 'rate_limit', platformCode, retryAfterMs: waitMs(response) };
  return { kind: code === grantInvalid ? 'auth_revoked' : 'permission', platformCode };
}

function codeOf({ status }: PlatformResponse, code: number | undefined): string {
  return code === undefined ? `http_${status}` : `${status}/${code}`;
}

/** Seconds from now, whatever its name says. */
function waitMs(response: PlatformResponse): number | null {
  return retryAfterMsOf(response) ?? secondsMsOf(response, 'x-ratelimit-reset');
}
