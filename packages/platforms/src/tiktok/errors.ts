import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';

/** Of the account, until TikTok lifts it. */
const banned = 'spam_risk_user_banned_from_posting';

const text = z.string().optional().catch(undefined);
const TikTokError = z.object({ error: z.object({ code: text, message: text }) });

/** https://developers.tiktok.com/doc/tiktok-api-v2-error-handling and the pages of each endpoint, read 2026-11. */
const kindByCode: Readonly<Record<string, PlatformErrorKind>> = {
  access_token_invalid: 'auth_expired',
  scope_not_authorized: 'permission',
  scope_permission_missed: 'permission',
  unaudited_client_can_only_post_to_private_accounts: 'permission',
  url_ownership_unverified: 'permission',
  token_not_authorized_for_specified_publish_id: 'permission',
  rate_limit_exceeded: 'rate_limit',
  spam_risk_too_many_posts: 'quota',
  spam_risk_too_many_pending_share: 'quota',
  reached_active_user_cap: 'quota',
  [banned]: 'policy',
  spam_risk_text: 'policy',
  spam_risk: 'policy',
  privacy_level_option_mismatch: 'content',
  invalid_publish_id: 'not_found',
};

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  429: 'rate_limit',
};

/** What the application has to do stands in no message of TikTok's. */
const reasons: Readonly<Record<string, string>> = {
  unaudited_client_can_only_post_to_private_accounts:
    'this application was not audited by TikTok: until then it may only post with privacyLevel SELF_ONLY, to accounts that are private',
  url_ownership_unverified:
    'TikTok fetches photos only from addresses that this application has verified: add PUBLIC_URL to its URL properties',
};

export function tiktokRefusal(response: PlatformResponse): Refusal {
  const { code, message } = TikTokError.safeParse(response.json).data?.error ?? {};
  const kind = rowOf(kindByCode, code) ?? kindByStatus[response.status] ?? 'content';
  return {
    ...(code === banned ? { accountGone: 'is banned from posting' } : {}),
    kind,
    platformCode: code ?? `http_${response.status}`,
    reason: rowOf(reasons, code) ?? message,
    retryAfterMs: kind === 'rate_limit' ? (retryAfterMsOf(response) ?? minuteMs) : null,
  };
}

/** Its limits are of a minute each, and no header says more. */
const minuteMs = 60_000;

const GrantError = z.object({ error: z.string() });

/** Refusals of what tokens are asked for with. The reason is left out: these requests carry secrets in their bodies. */
export function tiktokGrantRefusal(response: PlatformResponse): Refusal {
  const code = GrantError.safeParse(response.json).data?.error ?? `http_${response.status}`;
  if (response.status === 429) return { kind: 'rate_limit', platformCode: code, retryAfterMs: minuteMs };
  return { kind: code === 'invalid_grant' ? 'auth_revoked' : 'permission', platformCode: code };
}

const failureKinds: Readonly<Record<string, PlatformErrorKind>> = {
  auth_removed: 'auth_revoked',
  spam_risk_too_many_posts: 'quota',
  [banned]: 'policy',
  spam_risk_text: 'policy',
  spam_risk: 'policy',
  internal: 'unavailable',
  video_pull_failed: 'unavailable',
  photo_pull_failed: 'unavailable',
};

/** Why something that TikTok had taken did not become a post: `fail_reason`. */
export function failureOf(reason: string | undefined): PlatformError {
  const code = /^[\w-]{1,60}$/u.exec(reason ?? '')?.[0] ?? 'unknown';
  return new PlatformError(rowOf(failureKinds, code) ?? 'content', `TikTok could not post it (${code})`, {
    platformCode: code,
  });
}

/** A row of the table's own: a code such as `constructor` has none. */
function rowOf<Value>(table: Readonly<Record<string, Value>>, code: string | undefined): Value | undefined {
  return code !== undefined && Object.hasOwn(table, code) ? table[code] : undefined;
}
