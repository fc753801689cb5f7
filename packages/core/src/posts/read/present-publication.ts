import type { Publication, PublicationPart, WaitingFor } from '@vibetribe/contracts/post';
import type { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { isoTime } from '../../publishing/state/iso-time.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';

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
    parts: partsOf(row),
    removal: row.removal ?? { status: 'none' },
    edit: row.edit ?? { status: 'none', content: null, liveContent: null },
  };
}

/** The parts of a thread: those that are out, the next one with the publication's own status, and those behind it. */
function partsOf(row: PublicationRow): PublicationPart[] {
  const { platformPostId, url, status } = row;
  if (row.partCount === 1) return [{ index: 0, status, platformPostId, url }];
  const isOver = ['failed', 'unconfirmed', 'canceled', 'skipped'].includes(status);
  const later = isOver ? 'skipped' : status === 'draft' ? 'draft' : 'scheduled';
  return Array.from({ length: Math.max(row.partCount, row.parts.length) }, (_, index) => {
    const out = row.parts[index];
    if (out !== undefined) return { index, status: 'published', platformPostId: out.platformPostId, url: out.url };
    return { index, status: index === row.parts.length ? status : later, platformPostId: null, url: null };
  });
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
