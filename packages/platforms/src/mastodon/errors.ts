import { z } from 'zod';
import type { Refusal } from '../call-platform.ts';
import type { PlatformErrorKind } from '../platform-error.ts';
import type { PlatformResponse } from '../platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../retry-after.ts';

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
  return {
    ...(isDisabled(response, reason) ? { accountGone: 'is suspended or disabled' } : {}),
    kind,
    platformCode: `http_${response.status}`,
    reason,
    retryAfterMs: retryAfterMsOf(response) ?? (kind === 'rate_limit' ? resetMsOf(response, 'x-ratelimit-reset') : null),
  };
}

/** Its `require_user!` has no code for this one, and says it in English whatever the instance's language; read 2026-11. */
function isDisabled({ status }: PlatformResponse, reason: string | undefined): boolean {
  return status === 403 && reason !== undefined && /^your login is currently disabled\b/iu.test(reason);
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
