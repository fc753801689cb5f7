import type { ServerRules, VisiblePart } from './account.ts';

/** Why a call to a platform did not succeed, in the terms decisions are made in. */
export type PlatformErrorKind =
  | 'auth_expired'
  | 'auth_revoked'
  | 'permission'
  | 'rate_limit'
  | 'quota'
  | 'content'
  | 'policy'
  | 'duplicate'
  | 'not_found'
  | 'media_processing'
  | 'unavailable'
  | 'network'
  | 'ambiguous';

/** No platform has a longer window: after it it is asked again, whatever it said. */
const retryAfterMsMax = 24 * 3_600_000;
/** Who refuses and says "at once" is not asked again in the same moment. */
export const retryAfterMsMin = 1_000;

/**
 * A platform's refusal or silence. `unavailable` and `network` promise that nothing was done; where that cannot be promised
 * on a step that makes something visible, the kind is `ambiguous`. The message is ours and safe to show: no token, no foreign text
 * beyond the platform's own short reason.
 */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly kind: PlatformErrorKind;
  /** The platform's own code, such as `ExpiredToken`, `190/463` or `http_503`. */
  readonly platformCode: string;
  /** When the platform said it may be asked again, ms from now, a second at least and a day at most; null where it did not say. */
  readonly retryAfterMs: number | null;
  /** What the refusal has taught of the account's server: by these rules it is to be tried again. */
  readonly learnedRules: ServerRules | null;
  /** What the platform says has become of the account itself, behind "the account": `is deactivated`. Null where that is not the reason. */
  readonly accountGone: string | null;
  /** Of a `duplicate`: the post that the platform has already, where it names it. */
  readonly duplicateOf: VisiblePart | null;
  /** What whoever connects an account has left out, by its name in the request: nothing was asked of a platform. */
  readonly missingField: string | null;

  constructor(
    kind: PlatformErrorKind,
    message: string,
    details: {
      platformCode: string;
      retryAfterMs?: number | null;
      learnedRules?: ServerRules;
      accountGone?: string | null;
      duplicateOf?: VisiblePart | null;
      missingField?: string;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.platformCode = details.platformCode;
    this.retryAfterMs =
      details.retryAfterMs === null || details.retryAfterMs === undefined
        ? null
        : Math.min(Math.max(details.retryAfterMs, retryAfterMsMin), retryAfterMsMax);
    this.learnedRules = details.learnedRules ?? null;
    this.accountGone = details.accountGone ?? null;
    this.duplicateOf = details.duplicateOf ?? null;
    this.missingField = details.missingField ?? null;
  }
}
