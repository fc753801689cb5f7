import type { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { Token } from '../send/read-token.ts';
import type { Finding } from '../state/publication-input.ts';

/**
 * A platform that still refuses the question so long after the send will hardly answer it: a channel is gone, an account suspended. The same
 * holds for an account that nobody has connected again, and for a token that cannot be renewed.
 */
export const refusedMaxMs = 24 * 3_600_000;

export function isAskedLate({ claimedAtMs, state }: Pick<PublicationWork, 'claimedAtMs' | 'state'>): boolean {
  return claimedAtMs - (state.intentAtMs ?? claimedAtMs) > refusedMaxMs;
}

/** What a platform that did not answer the question lets us say. `isLate`: see `refusedMaxMs`. */
export function findingOfFault(error: PlatformError, displayName: string, isLate: boolean): Finding {
  if (error.accountGone !== null) return { kind: 'cannot_tell', evidence: `${error.message}.` };
  if (error.kind === 'auth_revoked') return needsReconnect();
  if (isRefusal(error) && isLate)
    return { kind: 'cannot_tell', evidence: `${displayName} refuses to be asked: ${error.message}.` };
  return noAnswer(`The platform could not be asked: ${error.message}`, error.retryAfterMs);
}

export function findingWithoutToken(token: Exclude<Token, { kind: 'valid' }>, isLate: boolean): Finding {
  if (isLate) return { kind: 'cannot_tell', evidence: `${token.detail} The platform could not be asked for a day.` };
  return token.kind === 'dead' ? needsReconnect() : noAnswer(token.detail, token.retryAfterMs);
}

export function noAnswer(detail: string, retryAfterMs: number | null, isBlocked = false): Finding {
  return { kind: 'no_answer', detail, retryAfterMs, needsReconnect: isBlocked };
}

function needsReconnect(): Finding {
  return noAnswer('The account must be connected again before the platform can be asked.', null, true);
}

function isRefusal({ kind }: PlatformError): boolean {
  return kind === 'permission' || kind === 'policy' || kind === 'not_found' || kind === 'content';
}
