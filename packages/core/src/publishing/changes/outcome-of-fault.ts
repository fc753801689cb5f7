import { ownFaultOf } from '@vibetribe/platforms/http/own-faults';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { TransportError } from '@vibetribe/platforms/port/platform-http';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { quietPeriods } from '../record/quiet-periods.ts';
import { somethingOfOurs } from '../send/decide-outcome.ts';
import type { Token } from '../send/read-token.ts';
import type { ChangeWork } from './change-work.ts';
import type { ChangeOutcome } from './record-change.ts';

/** How long faults in a row are tried again, ms. */
const faultsMaxMs = 24 * 3_600_000;
const ownPauseMs = 5_000;
const limitPauseMs = 60_000;
const quotaPauseMs = 3_600_000;

export interface FaultFacts {
  readonly nowMs: number;
  /** An earlier request was begun, and its answer never came. */
  readonly isInDoubt: boolean;
  /** From 0, which adds nothing to the delay, to 1, which adds a tenth of it. */
  readonly jitter: number;
}

/** What a failed request means. Asking again is harmless: what is gone is told as gone, and a text replaces itself. */
export function outcomeOfFault(
  deps: Pick<CoreDependencies, 'adapters' | 'failpoints'>,
  settings: PublishSettings,
  work: ChangeWork,
  error: unknown,
  facts: FaultFacts,
): ChangeOutcome {
  const isUnsent = !facts.isInDoubt && !mayHaveArrived(error);
  const wait = { kind: 'wait', isUnsent } as const;
  if (!(error instanceof PlatformError))
    return retryLater(deps, settings, work, somethingOfOurs, { ...facts, isUnsent });
  const own = error.kind === 'network' ? ownFaultOf(error.platformCode) : null;
  if (own !== null) return { ...wait, reason: 'internal', untilMs: facts.nowMs + ownPauseMs, detail: own };
  const at = (pauseMs: number) => facts.nowMs + (error.retryAfterMs ?? pauseMs);
  if (error.accountGone !== null || error.kind === 'auth_revoked')
    return { ...wait, reason: 'token', untilMs: null, detail: 'The account must be connected again; then it is done' };
  switch (error.kind) {
    case 'rate_limit':
      return { ...wait, reason: 'rate_limit', untilMs: at(limitPauseMs), detail: error.message };
    case 'quota':
      return { ...wait, reason: 'rate_limit', untilMs: at(quotaPauseMs), detail: error.message };
    case 'ambiguous':
    case 'network':
    case 'unavailable':
    case 'auth_expired':
    case 'media_processing':
      if (!isUnsent && !deps.failpoints.has('silence_is_unknown')) return { kind: 'failed', detail: error.message };
      return retryLater(deps, settings, work, error.message, { ...facts, isUnsent, retryAfterMs: error.retryAfterMs });
    case 'permission':
    case 'content':
    case 'policy':
    case 'duplicate':
    case 'not_found':
      return { kind: 'failed', detail: error.message };
  }
}

function retryLater(
  deps: Pick<CoreDependencies, 'adapters' | 'failpoints'>,
  settings: PublishSettings,
  { change, platform }: ChangeWork,
  detail: string,
  {
    nowMs,
    jitter,
    isUnsent,
    retryAfterMs = null,
  }: FaultFacts & { readonly isUnsent: boolean; readonly retryAfterMs?: number | null },
): ChangeOutcome {
  const sinceMs = nowMs - (change.firstFailedAtMs ?? nowMs);
  if (sinceMs > faultsMaxMs) return { kind: isUnsent ? 'failed' : 'unconfirmed', detail: `${detail}, for a day` };
  const { retryDelaysMs } = settings;
  const delayMs = retryDelaysMs[Math.min(change.faults, retryDelaysMs.length - 1)] ?? limitPauseMs;
  // A request that may still be on its way is over by then: a text that comes late would replace a newer one.
  const quietMs = isUnsent ? 0 : quietPeriods(deps, platform, settings).quietMs;
  const pauseMs = Math.max(isUnsent ? delayMs : Math.min(delayMs, quietMs), quietMs, retryAfterMs ?? 0);
  return { kind: 'wait', reason: 'fault', untilMs: nowMs + Math.ceil(pauseMs * (1 + jitter / 10)), detail, isUnsent };
}

export function waitForToken(
  nowMs: number,
  token: Exclude<Token, { kind: 'valid' }>,
  isUnsent: boolean,
): ChangeOutcome {
  const untilMs = token.kind === 'dead' ? null : nowMs + token.retryAfterMs;
  return { kind: 'wait', reason: 'token', untilMs, detail: token.detail, isUnsent };
}

/** Whether a request that ended so may have been carried out. A refusal is the platform's word that it did nothing. */
function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof PlatformError)) return true;
  if (error.kind === 'ambiguous' || error.kind === 'unavailable') return true;
  return error.kind === 'network' && !(error.cause instanceof TransportError && error.cause.sent === 'no');
}
