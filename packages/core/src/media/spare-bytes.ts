import type { Database } from '@vibetribe/db/connect-database';
import type { Clock } from '@vibetribe/resilience/clock';
import { bytesLeft, readMediaUse } from './media-quota.ts';

/** What renditions may take although the quota is used up: without them nothing could be published. */
const spareBytesMin = 64 * 1024 * 1024;
const keptMs = 30_000;
const organizationsKept = 1_000;

/**
 * How much of the disk an organization's renditions and copies may take: what its quota leaves, and a little in any case. Looked up
 * now and then: they are made far more often than the quota moves.
 */
export function createSpareBytes({
  db,
  clock,
  mediaQuotaBytes,
}: {
  readonly db: Pick<Database, 'asWorker'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly mediaQuotaBytes: number;
}): (organizationId: string) => Promise<number> {
  const known = new Map<string, { bytes: number; atMs: number }>();

  return async (organizationId) => {
    const kept = known.get(organizationId);
    if (kept !== undefined && clock.monotonicMs() - kept.atMs < keptMs) return kept.bytes;
    const use = await db.asWorker((tx) => readMediaUse(tx, organizationId, mediaQuotaBytes));
    const bytes = Math.max(spareBytesMin, bytesLeft(use));
    if (known.size >= organizationsKept) known.clear();
    known.set(organizationId, { bytes, atMs: clock.monotonicMs() });
    return bytes;
  };
}
