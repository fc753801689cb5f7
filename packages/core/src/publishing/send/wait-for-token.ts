import type { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { Outcome } from '../state/publication-input.ts';
import { replaceToken, type Token } from './read-token.ts';
import type { StepRunner } from './run-steps.ts';

export function waitForToken(work: PublicationWork, token: Exclude<Token, { kind: 'valid' }>): Outcome {
  return { kind: 'wait', reason: 'token', retryAfterMs: tokenPauseMs(work, token), detail: token.detail };
}

/** The later it is already, the longer until the next look, ms. Whoever renews the token before lets it go on at once. */
const tokenPause = { share: 1 / 2, maxMs: 3_600_000 };

/** Null: until the account is connected again. */
function tokenPauseMs(
  { claimedAtMs, state }: PublicationWork,
  token: Exclude<Token, { kind: 'valid' }>,
): number | null {
  if (token.kind === 'dead') return null;
  const lateByMs = Math.max(0, claimedAtMs - (state.scheduledAtMs ?? claimedAtMs));
  return Math.max(token.retryAfterMs, Math.min(tokenPause.maxMs, Math.round(lateByMs * tokenPause.share)));
}

/** Less than this after a refresh a token that is refused is no old one. */
const freshMs = 60_000;

/** A token refused although it should be good is replaced, and it is sent again at once. A fresh one that is refused too counts as a failed try. */
export async function afterRefusedToken(
  deps: CoreDependencies,
  work: PublicationWork,
  runner: StepRunner,
  refusedAccessToken: string,
  error: PlatformError,
): Promise<Outcome> {
  const { refreshedAtMs } = work.grant;
  if (refreshedAtMs !== null && work.claimedAtMs - refreshedAtMs < freshMs) {
    const fault = { category: 'auth', code: error.platformCode, message: error.message } as const;
    return { kind: 'retry', fault, retryAfterMs: error.retryAfterMs };
  }
  const token = await replaceToken(deps, work, refusedAccessToken);
  const isReplaced = token.kind === 'valid';
  return {
    kind: 'postponed',
    reason: 'token',
    retryAfterMs: isReplaced ? 0 : tokenPauseMs(work, token),
    detail: isReplaced ? 'The platform refused the token; it was refreshed.' : token.detail,
    committed: runner.committed(),
  };
}
