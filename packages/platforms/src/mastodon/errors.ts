import { z } from 'zod';
import type { Refusal } from '../call-platform.ts';
import type { PlatformErrorKind } from '../platform-error.ts';
import type { PlatformResponse } from '../platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../retry-after.ts';

const MastodonError = z.object({ error: z.string().optional().catch(undefined) });

/** Mastodon has texts in the instance's language and no codes, so the status alone decides. https://docs.joinmastodon.org/entities/Error/ */
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
  return {
    kind,
    platformCode: `http_${response.status}`,
    reason: MastodonError.safeParse(response.json).data?.error,
    retryAfterMs: retryAfterMsOf(response) ?? (kind === 'rate_limit' ? resetMsOf(response, 'x-ratelimit-reset') : null),
  };
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
