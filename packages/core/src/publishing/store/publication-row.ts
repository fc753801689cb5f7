import { column, type RowOf } from '@vibetribe/db/query-rows';
import { PublicationError, PublishedEdit, Removal, Variant } from '@vibetribe/contracts/post';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { PublicationStatus, WaitingReason } from '@vibetribe/contracts/publication-status';
import { sql } from 'drizzle-orm';
import type { PublicationState, PublishedPart, ToldWait } from '../state/publication-state.ts';

/** A publication as `publicationColumns` reads it: times are ms since the epoch. */
export const publicationRowColumns = {
  id: column.text,
  organizationId: column.text,
  postId: column.text,
  accountId: column.text,
  platform: PlatformId,
  variant: Variant,
  status: PublicationStatus,
  scheduledAtMs: column.numberOrNull,
  dueAtMs: column.numberOrNull,
  attempts: column.number,
  retriesUsed: column.number,
  firstFailedAtMs: column.numberOrNull,
  fence: column.number,
  leaseUntilMs: column.numberOrNull,
  intentAtMs: column.numberOrNull,
  inDoubtSinceMs: column.numberOrNull,
  evidence: column.textOrNull,
  committed: column.boolean,
  absentReads: column.number,
  reconcileTries: column.number,
  waitingReason: WaitingReason.nullable(),
  waitingDetail: column.textOrNull,
  toldWait: column.json<ToldWait | null>(),
  platformPostId: column.textOrNull,
  url: column.textOrNull,
  publishedAtMs: column.numberOrNull,
  error: PublicationError.nullable(),
  /** How many it has: one, those of its thread, its first comment. */
  partCount: column.number,
  parts: column.json<readonly PublishedPart[]>(),
  removal: Removal.nullable(),
  edit: PublishedEdit.nullable(),
  /** The database's clock when the row was read. */
  nowMs: column.number,
};
export type PublicationRow = RowOf<typeof publicationRowColumns>;

const ms = (column: string) => `floor(extract(epoch from p.${column}) * 1000)::float8`;

/** Columns of `publications p`, for a `select`. */
export const publicationColumns = sql.raw(`
  p.id, p.organization_id as "organizationId", p.post_id as "postId", p.account_id as "accountId", p.platform, p.variant, p.status,
  ${ms('scheduled_at')} as "scheduledAtMs", ${ms('due_at')} as "dueAtMs", p.attempts, p.retries_used as "retriesUsed",
  ${ms('first_failed_at')} as "firstFailedAtMs", p.fence::float8 as "fence", ${ms('lease_until')} as "leaseUntilMs",
  ${ms('intent_at')} as "intentAtMs", ${ms('in_doubt_since')} as "inDoubtSinceMs", p.evidence, p.committed, p.absent_reads as "absentReads", p.reconcile_tries as "reconcileTries",
  p.waiting_reason as "waitingReason", p.waiting_detail as "waitingDetail", p.told_wait as "toldWait", p.platform_post_id as "platformPostId", p.url,
  ${ms('published_at')} as "publishedAtMs", p.error, p.part_count as "partCount", coalesce(p.parts, '[]') as parts, p.removal, p.edit, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`);

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
    toldWait: row.toldWait,
    platformPostId: row.platformPostId,
    url: row.url,
    publishedAtMs: row.publishedAtMs,
    parts: row.parts,
    error: row.error,
  };
}
