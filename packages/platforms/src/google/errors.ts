import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';
import { midnightMs } from '../http/midnight.ts';

const text = z.string().optional().catch(undefined);
const GoogleError = z.object({
  error: z.object({
    message: text,
    status: text,
    errors: z
      .array(z.object({ reason: text, message: text }))
      .optional()
      .catch(undefined),
    details: z
      .array(
        z.looseObject({
          reason: text,
          errorDetails: z
            .array(z.looseObject({ field: text, message: text }))
            .optional()
            .catch(undefined),
        }),
      )
      .optional()
      .catch(undefined),
  }),
});

/** By the reason that stands in the error, before its status. */
export type KindsByReason = Readonly<Record<string, PlatformErrorKind>>;

/** https://developers.google.com/youtube/v3/docs/errors and https://cloud.google.com/apis/design/errors, read 2026-11. */
const kindByReason: KindsByReason = {
  authError: 'auth_expired',
  unauthorized: 'auth_expired',
  quotaExceeded: 'quota',
  dailyLimitExceeded: 'quota',
  rateLimitExceeded: 'rate_limit',
  userRateLimitExceeded: 'rate_limit',
  RATE_LIMIT_EXCEEDED: 'rate_limit',
  ACCESS_TOKEN_EXPIRED: 'auth_expired',
  accountDisabled: 'permission',
  accountDeleted: 'permission',
};

/** What has become of the account, or of the channel that it stands for. */
const goneByReason: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  accountDeleted: 'is gone',
  accountDisabled: 'is disabled',
  youtubeSignupRequired: 'has no channel any more',
  LOCATION_DISABLED_FOR_LOCAL_POST_API: 'is a location that takes no posts through the API',
});

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  409: 'unavailable',
  410: 'not_found',
  429: 'rate_limit',
};

/** What a refusal means. A write that met another one (409) leaves a step that makes something visible in doubt. */
export function googleRefusal(effect: StepEffect, own: KindsByReason = {}): (response: PlatformResponse) => Refusal {
  return (response) => {
    const { reason, detail, message } = toldBy(response);
    const platformCode = detail ?? reason ?? `http_${response.status}`;
    const known =
      kindIn(own, detail) ??
      kindIn(own, reason) ??
      kindIn(kindByReason, detail) ??
      kindIn(kindByReason, reason) ??
      kindByStatus[response.status] ??
      'content';
    const kind = known === 'unavailable' && effect === 'once' ? 'ambiguous' : known;
    const accountGone = goneByReason[detail ?? ''] ?? goneByReason[reason ?? ''];
    return {
      ...(accountGone === undefined ? {} : { accountGone }),
      kind,
      platformCode,
      reason: message,
      retryAfterMs: waitOf(dayQuotas.has(detail ?? '') || dayQuotas.has(reason ?? ''), response),
    };
  };
}

/** Only a row of the table, never what every object has. */
function kindIn(kinds: KindsByReason, name: string | undefined): PlatformErrorKind | undefined {
  return name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

function toldBy({ json }: PlatformResponse) {
  const error = GoogleError.safeParse(json).data?.error;
  const [first] = error?.errors ?? [];
  const details = error?.details ?? [];
  const [fault] = details.flatMap(({ errorDetails = [] }) => errorDetails);
  const said = fault?.message === undefined ? undefined : `${fault.field ?? 'request'}: ${fault.message}`;
  return {
    reason: first?.reason ?? error?.status,
    detail: details.flatMap(({ reason }) => reason ?? [])[0],
    message: said ?? first?.message ?? error?.message,
  };
}

/** Limits of the application's day; of others, as a channel's own, nobody tells when they end. */
const dayQuotas: ReadonlySet<string> = new Set(['quotaExceeded', 'dailyLimitExceeded']);

/** No header tells a day's end: its units are given anew at midnight Pacific time. */
function waitOf(isDay: boolean, response: PlatformResponse): number | null {
  const told = retryAfterMsOf(response);
  if (told !== null || !isDay) return told;
  const theirNowMs = Date.parse(response.headers['date'] ?? '');
  const now = Number.isNaN(theirNowMs) ? response.receivedAt : new Date(theirNowMs);
  return midnightMs(now, pacific) - now.getTime();
}

/** Where the day of every quota begins. */
export const pacific = 'America/Los_Angeles';

const OAuthError = z.object({ error: z.string() });

/** Refusals of what tokens are asked for with. The reason is left out: it may hold the token. */
export function googleGrantRefusal(response: PlatformResponse): Refusal {
  const code = OAuthError.safeParse(response.json).data?.error ?? `http_${response.status}`;
  if (response.status === 429)
    return { kind: 'rate_limit', platformCode: code, retryAfterMs: retryAfterMsOf(response) };
  const isOurs = /client|unsupported|redirect_uri|invalid_request|admin_policy/u.test(code);
  return { kind: isOurs ? 'permission' : 'auth_revoked', platformCode: code };
}
