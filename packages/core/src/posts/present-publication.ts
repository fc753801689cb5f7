import type { Publication, WaitingFor } from '@vibetribe/contracts/post';
import type { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { isoTime } from '../publishing/state/iso-time.ts';
import type { PublicationRow } from '../publishing/store/publication-row.ts';

/** While in one of these, the publication's due time is its next attempt. */
const looksAgain: ReadonlySet<PublicationStatus> = new Set(['scheduled', 'retrying', 'waiting']);

/** A publication as clients see it. */
export function presentPublication(row: PublicationRow): Publication {
  return {
    id: row.id,
    accountId: row.accountId,
    platform: row.platform,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: looksAgain.has(row.status) ? isoTimeOrNull(row.dueAtMs) : null,
    waitingFor: waitingForOf(row),
    platformPostId: row.platformPostId,
    url: row.url,
    publishedAt: isoTimeOrNull(row.publishedAtMs),
    lateByMs: lateByMsOf(row),
    error: row.error,
  };
}

function waitingForOf(row: PublicationRow): WaitingFor | null {
  if (row.waitingReason === null) return null;
  return { reason: row.waitingReason, until: isoTimeOrNull(row.dueAtMs), detail: row.waitingDetail ?? '' };
}

function lateByMsOf({ publishedAtMs, scheduledAtMs }: PublicationRow): number | null {
  if (publishedAtMs === null || scheduledAtMs === null) return null;
  return Math.max(0, Math.floor(publishedAtMs - scheduledAtMs));
}

function isoTimeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs);
}
