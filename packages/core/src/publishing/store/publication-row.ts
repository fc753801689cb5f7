import type { PublicationError, Variant } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PublicationStatus, WaitingReason } from '@vibetribe/contracts/publication-status';
import { sql } from 'drizzle-orm';
import type { PublicationState } from '../state/publication-state.ts';

/** A publication as `publicationColumns` reads it: times are ms since the epoch. */
export interface PublicationRow extends Record<string, unknown> {
  id: string;
  organizationId: string;
  postId: string;
  accountId: string;
  platform: PlatformId;
  variant: Variant;
  status: PublicationStatus;
  scheduledAtMs: number | null;
  dueAtMs: number | null;
  attempts: number;
  retriesUsed: number;
  firstFailedAtMs: number | null;
  fence: number;
  leaseUntilMs: number | null;
  intentAtMs: number | null;
  inDoubtSinceMs: number | null;
  evidence: string | null;
  committed: boolean;
  absentReads: number;
  reconcileTries: number;
  waitingReason: WaitingReason | null;
  waitingDetail: string | null;
  platformPostId: string | null;
  url: string | null;
  publishedAtMs: number | null;
  error: PublicationError | null;
  /** The database's clock when the row was read. */
  nowMs: number;
}

const ms = (column: string) => `floor(extract(epoch from p.${column}) * 1000)::float8`;

/** Columns of `publications p`, for a `select`. */
export const publicationColumns = sql.raw(`
  p.id, p.organization_id as "organizationId", p.post_id as "postId", p.account_id as "accountId", p.platform, p.variant, p.status,
  ${ms('scheduled_at')} as "scheduledAtMs", ${ms('due_at')} as "dueAtMs", p.attempts, p.retries_used as "retriesUsed",
  ${ms('first_failed_at')} as "firstFailedAtMs", p.fence::float8 as "fence", ${ms('lease_until')} as "leaseUntilMs",
  ${ms('intent_at')} as "intentAtMs", ${ms('in_doubt_since')} as "inDoubtSinceMs", p.evidence, p.committed, p.absent_reads as "absentReads", p.reconcile_tries as "reconcileTries",
  p.waiting_reason as "waitingReason", p.waiting_detail as "waitingDetail", p.platform_post_id as "platformPostId", p.url,
  ${ms('published_at')} as "publishedAtMs", p.error, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`);

export function stateOf(row: PublicationRow): PublicationState {
  return {
    status: row.status,
    scheduledAtMs: row.scheduledAtMs,
    dueAtMs: row.dueAtMs,
    attempts: row.attempts,
    retriesUsed: row.retriesUsed,
    firstFailedAtMs: row.firstFailedAtMs,
    fence: row.fence,
    leaseUntilMs: row.leaseUntilMs,
    intentAtMs: row.intentAtMs,
    inDoubtSinceMs: row.inDoubtSinceMs,
    evidence: row.evidence,
    committed: row.committed,
    absentReads: row.absentReads,
    reconcileTries: row.reconcileTries,
    waiting: row.waitingReason === null ? null : { reason: row.waitingReason, detail: row.waitingDetail ?? '' },
    platformPostId: row.platformPostId,
    url: row.url,
    publishedAtMs: row.publishedAtMs,
    error: row.error,
  };
}
