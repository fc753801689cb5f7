import type { RefusalReason } from '../state/transition.ts';
import type { ClaimContext } from './claim-context.ts';
import type { PublicationWork } from './publication-work.ts';

export type ClaimResult =
  /** `isFollowed`: others of its account wait for it to be sent. */
  | { readonly kind: 'claimed'; readonly work: PublicationWork; readonly isFollowed: boolean }
  /** It was due and has to wait. Its row says when it is claimed again. */
  | { readonly kind: 'waiting'; readonly isFollowed: boolean }
  /**
   * A duplicate or outdated job: nothing to do. `held`: it goes after another one of its account. `dueInMs` where it is merely early, by
   * the database's clock, or the next of those that are held.
   */
  | { readonly kind: 'refused'; readonly reason: RefusalReason | 'unknown' | 'held'; readonly dueInMs?: number };

export function refusalOf({ row }: ClaimContext, reason: RefusalReason): ClaimResult {
  if (reason !== 'not_due' || row.dueAtMs === null) return { kind: 'refused', reason };
  return { kind: 'refused', reason, dueInMs: row.dueAtMs - row.nowMs };
}
