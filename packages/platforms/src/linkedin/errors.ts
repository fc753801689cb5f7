import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { VisiblePart } from '../port/account.ts';
import type { StepEffect } from '../port/publish.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';
import { linkedInPostUrl } from './post-url.ts';

const text = z.string().optional().catch(undefined);
const LinkedInError = z.object({
  code: text,
  message: text,
  serviceErrorCode: z.int().optional().catch(undefined),
  errorDetails: z
    .object({ inputErrors: z.array(z.object({ code: text, description: text })).default([]) })
    .optional()
    .catch(undefined),
});

/** https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling and the pages of each API, read 2026-11. */
const kindByCode: ReadonlyMap<string, PlatformErrorKind> = new Map(
  Object.entries<PlatformErrorKind>({
    DUPLICATE_POST: 'duplicate',
    MEDIA_ASSET_WAITING_UPLOAD: 'media_processing',
    MEDIA_ASSET_PROCESSING: 'media_processing',
    MEDIA_ASSET_PROCESSING_FAILED: 'content',
    EXPIRED_UPLOAD_URL: 'unavailable',
    EMPTY_ACCESS_TOKEN: 'auth_expired',
    EXPIRED_ACCESS_TOKEN: 'auth_expired',
    INVALID_ACCESS_TOKEN: 'auth_expired',
    REVOKED_ACCESS_TOKEN: 'auth_revoked',
    ACCESS_DENIED: 'permission',
    CONFLICT: 'unavailable',
    // Of this installation: every post would be refused alike.
    VERSION_MISSING: 'permission',
    NONEXISTENT_VERSION: 'permission',
  }),
);

const kindByServiceCode: Readonly<Record<number, PlatformErrorKind>> = {
  65_600: 'auth_expired',
  65_601: 'auth_revoked',
  65_602: 'auth_expired',
  65_604: 'auth_expired',
};

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  409: 'unavailable',
  426: 'permission',
};

/** What a refusal means. Two writes at once (409) leave a step that makes something visible in doubt. */
export function linkedInRefusal(effect: StepEffect): (response: PlatformResponse) => Refusal {
  return (response) => {
    const error = LinkedInError.safeParse(response.json).data ?? {};
    const [input] = error.errorDetails?.inputErrors ?? [];
    const platformCode = input?.code ?? error.code ?? `http_${response.status}`;
    const reason = error.message ?? input?.description;
    if (response.status === 429) return { ...waitOf(response), platformCode, reason };
    const known =
      kindByCode.get(input?.code ?? '') ??
      kindByCode.get(error.code ?? '') ??
      (response.status === 401 ? kindByServiceCode[error.serviceErrorCode ?? 0] : undefined) ??
      kindByStatus[response.status] ??
      'content';
    if (known === 'duplicate') return { kind: known, platformCode, reason, duplicateOf: postIn(reason) };
    return { kind: known === 'unavailable' && effect === 'once' ? 'ambiguous' : known, platformCode, reason };
  };
}

/** LinkedIn names the post in words alone. */
function postIn(reason = ''): VisiblePart | undefined {
  const [urn] = /urn:li:(?:share|ugcPost):\d{1,30}\b/u.exec(reason) ?? [];
  return urn === undefined ? undefined : { platformPostId: urn, url: linkedInPostUrl(urn) };
}

const dayMs = 24 * 3_600_000;

/** No header says how long: limits of the day are over at midnight UTC. What stands in front of LinkedIn may tell a wait of its own. */
function waitOf(response: PlatformResponse): Pick<Refusal, 'kind' | 'retryAfterMs'> {
  const told = retryAfterMsOf(response);
  if (told !== null) return { kind: 'rate_limit', retryAfterMs: told };
  const theirNowMs = Date.parse(response.headers['date'] ?? '');
  const nowMs = Number.isNaN(theirNowMs) ? response.receivedAt.getTime() : theirNowMs;
  return { kind: 'quota', retryAfterMs: dayMs - (nowMs % dayMs) };
}

const OAuthError = z.object({ error: z.string() });

/** Refusals of what tokens are asked for with. The reason is left out: it may hold the token. */
export function linkedInGrantRefusal(response: PlatformResponse): Refusal {
  const code = OAuthError.safeParse(response.json).data?.error ?? `http_${response.status}`;
  if (response.status === 429) return { ...waitOf(response), platformCode: code };
  const isOurs = response.status === 401 || response.status === 403 || /client|unsupported/u.test(code);
  return { kind: isOurs ? 'permission' : 'auth_revoked', platformCode: code };
}
