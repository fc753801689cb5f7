import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { PublicationState } from '../state/publication-state.ts';
import { isLate } from './decide-gate.ts';
import { backAtMsOf, type Presence, wasLeftAlone } from './presence.ts';

const heldByOthers: ReadonlySet<WaitingReason> = new Set(['breaker', 'paused', 'token', 'internal']);

/** A post that was held back by its own limit, or is being retried, was looked at in time. */
export function latenessCounts(
  { status, attempts, committed, evidence, waiting, parts }: PublicationState,
  accountUsable: boolean,
): 'never' | 'always' | 'by_its_bound' {
  if (committed || evidence !== null || parts.length > 0) return 'never';
  if (waiting?.reason === 'internal' || waiting?.reason === 'token' || !accountUsable) return 'always';
  if (attempts > 0) return 'by_its_bound';
  const wasHeld = status === 'scheduled' || (waiting !== null && heldByOthers.has(waiting.reason));
  return wasHeld ? 'always' : 'by_its_bound';
}

/** Late as the service or the platform was away. A permit that the guard has given is kept: it gets no other one when its time has come. */
export function hasPiledUp(
  { attempts, waiting, scheduledAtMs }: PublicationState,
  presence: Presence,
  nowMs: number,
): boolean {
  if (attempts > 0 || !isLate(scheduledAtMs, nowMs)) return false;
  if (waiting !== null) return heldByOthers.has(waiting.reason);
  return wasLeftAlone(scheduledAtMs, backAtMsOf(presence, nowMs));
}
