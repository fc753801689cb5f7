import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';

const DiscordError = z.object({
  code: z.int().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  errors: z.unknown().optional(),
  /** Seconds, with a fraction. */
  retry_after: z.number().nonnegative().optional().catch(undefined),
  global: z.boolean().optional().catch(undefined),
});
type DiscordError = z.infer<typeof DiscordError>;

/** https://docs.discord.com/developers/topics/opcodes-and-status-codes, read 2026-11. */
const kindByCode: Readonly<Record<number, PlatformErrorKind>> = {
  10003: 'not_found', // Unknown Channel
  10004: 'not_found', // Unknown Guild
  10015: 'auth_revoked', // Unknown Webhook
  50027: 'auth_revoked', // Invalid Webhook Token
  220001: 'content', // A forum wants a title or a thread
  220003: 'content', // Threads are begun in forums alone
  20009: 'policy', // Explicit content
  40002: 'permission', // The account must be verified
  40005: 'content', // Request entity too large
  50001: 'permission', // Missing Access
  50006: 'content', // Empty message
  50008: 'permission', // Not a text channel
  50013: 'permission', // Missing Permissions
  50024: 'permission', // Not a forum
  50035: 'content', // Invalid Form Body
  40067: 'content', // The forum wants a tag
  50083: 'permission', // Archived thread
  160005: 'permission', // Locked thread
  200000: 'policy', // Blocked by automatic moderation
  240000: 'policy', // Blocked by the harmful links filter
};

/** What became of what the bot writes in, where that is the reason. */
const goneByCode: Readonly<Record<number, string>> = {
  10003: 'does not exist any more',
  10004: 'does not exist any more',
};

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  // A bot's token never expires and there is nothing to refresh: one that is not taken was reset.
  401: 'auth_revoked',
  403: 'permission',
  404: 'not_found',
  429: 'rate_limit',
};

export function discordRefusal(response: PlatformResponse): Refusal {
  const error = DiscordError.safeParse(response.json).data;
  const isStatusEnough = response.status === 401 || response.status === 429;
  const byCode = isStatusEnough ? undefined : kindByCode[error?.code ?? 0];
  const accountGone = goneByCode[error?.code ?? 0];
  return {
    ...(accountGone === undefined ? {} : { accountGone }),
    kind: byCode ?? kindByStatus[response.status] ?? 'content',
    platformCode: codeOf(response.status, error),
    reason: error === undefined ? undefined : (fieldReason(error.errors) ?? error.message),
    retryAfterMs: response.status === 429 ? waitMs(response, error) : null,
  };
}

export const unknownChannel = '10003';

/** Of what stands in a thread: that the thread is gone says nothing of the channel that is the account. */
export function discordThreadRefusal(response: PlatformResponse): Refusal {
  const { accountGone: _thread, ...refusal } = discordRefusal(response);
  return refusal.platformCode === unknownChannel ? refusal : discordRefusal(response);
}

function codeOf(status: number, error: DiscordError | undefined): string {
  if (error?.code !== undefined && error.code !== 0) return String(error.code);
  return status === 429 && error?.global === true ? 'http_429/global' : `http_${status}`;
}

/** The body tells fractions of a second, the header whole ones; Cloudflare in front of Discord only the header. The longer one holds. */
function waitMs(response: PlatformResponse, error: DiscordError | undefined): number | null {
  const bodyMs = error?.retry_after === undefined ? null : Math.ceil(error.retry_after * 1_000);
  const headerMs = retryAfterMsOf(response);
  return bodyMs === null || headerMs === null ? (bodyMs ?? headerMs) : Math.max(bodyMs, headerMs);
}

const FieldFaults = z.object({ _errors: z.array(z.object({ message: z.string() })).min(1) });
const depthMax = 8;

/** The first fault of an Invalid Form Body, by its field: faults stand at the leaves of a tree that has the shape of the request. */
function fieldReason(tree: unknown, path: readonly string[] = []): string | undefined {
  const [fault] = FieldFaults.safeParse(tree).data?._errors ?? [];
  if (fault !== undefined) return [path.join('.'), fault.message].filter((part) => part !== '').join(': ');
  if (typeof tree !== 'object' || tree === null || path.length === depthMax) return undefined;
  for (const [name, branch] of Object.entries(tree)) {
    const reason = fieldReason(branch, [...path, name]);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
