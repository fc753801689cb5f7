import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../http/retry-after.ts';

const MastodonError = z.object({ error: z.string().optional().catch(undefined) });

/** Mastodon has texts in the instance's language and no codes, so the status decides. https://docs.joinmastodon.org/entities/Error/ */
const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  // Tokens never expire and there is nothing to refresh: a token that is not taken is gone.
  401: 'auth_revoked',
  403: 'permission',
  404: 'not_found',
  410: 'not_found',
  422: 'content',
  429: 'rate_limit',
};

export function mastodonRefusal(response: PlatformResponse): Refusal {
  const kind = kindByStatus[response.status] ?? 'content';
  const reason = MastodonError.safeParse(response.json).data?.error;
  const accountGone = goneIn(response, reason);
  return {
    ...(accountGone === undefined ? {} : { accountGone }),
    kind,
    platformCode: `http_${response.status}`,
    reason,
    retryAfterMs: retryAfterMsOf(response) ?? (kind === 'rate_limit' ? resetMsOf(response, 'x-ratelimit-reset') : null),
  };
}

/** Its `require_user!` has no codes for these, and says them in English whatever the instance's language; read 2026-11. */
const goneByReason: readonly (readonly [RegExp, string])[] = [
  [/^your login is currently disabled\b/iu, 'is suspended or disabled'],
  [/^your login is currently pending approval\b/iu, 'is not approved'],
  [/^your login is missing a confirmed e-?mail address\b/iu, 'has no confirmed e-mail address'],
];

function goneIn({ status }: PlatformResponse, reason = ''): string | undefined {
  return status === 403 ? goneByReason.find(([pattern]) => pattern.test(reason))?.[1] : undefined;
}

const OAuthError = z.object({ error: z.string() });

/** Of the OAuth routes, RFC 6749, 5.2. The reason is left out: it may hold what was sent. `invalid_client`: the instance has forgotten our application. */
export function mastodonGrantRefusal(response: PlatformResponse): Refusal {
  const error = OAuthError.safeParse(response.json).data?.error;
  const known = error !== undefined && /^[a-z_]{1,40}$/u.test(error) ? error : null;
  const kind = known === 'invalid_grant' ? 'auth_revoked' : known === 'invalid_client' ? 'permission' : null;
  const { kind: byStatus, retryAfterMs = null } = mastodonRefusal(response);
  return { kind: kind ?? byStatus, platformCode: known ?? `http_${response.status}`, retryAfterMs };
}
