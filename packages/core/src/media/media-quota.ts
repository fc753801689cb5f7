import type { Transaction } from '@vibetribe/db/connect-database';
import { mediaObjects, mediaQuotas, mediaTransfers } from '@vibetribe/db/schema/media';
import { and, eq, isNull, sql } from 'drizzle-orm';

/** What an organization keeps and may keep, bytes. The same content counts once. */
export interface MediaUse {
  readonly storedBytes: number;
  /** Of files on their way in, which have no record yet. */
  readonly arrivingBytes: number;
  readonly bytesMax: number;
}

/** No request takes so long; the transfers of a process that is gone count no longer. */
const transferMinutesMax = 20;

export async function readMediaUse(
  tx: Transaction,
  organizationId: string,
  defaultBytesMax: number,
): Promise<MediaUse> {
  const [stored] = await tx
    .select({ bytes: sql<string>`coalesce(sum(${mediaObjects.bytes}), 0)` })
    .from(mediaObjects)
    .where(and(eq(mediaObjects.organizationId, organizationId), isNull(mediaObjects.removingAt)));
  const [arriving] = await tx
    .select({ bytes: sql<string>`coalesce(sum(${mediaTransfers.bytes}), 0)` })
    .from(mediaTransfers)
    .where(and(eq(mediaTransfers.organizationId, organizationId), sql`not ${isOver()}`));
  const [own] = await tx.select().from(mediaQuotas).where(eq(mediaQuotas.organizationId, organizationId));
  return {
    storedBytes: Number(stored?.bytes ?? 0),
    arrivingBytes: Number(arriving?.bytes ?? 0),
    bytesMax: own?.bytesMax ?? defaultBytesMax,
  };
}

/** How much more may come in. */
export function bytesLeft({ storedBytes, arrivingBytes, bytesMax }: MediaUse): number {
  return Math.max(0, bytesMax - storedBytes - arrivingBytes);
}

/** Until the end of the transaction nobody else reserves room for this organization. */
export async function lockMediaUse(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`media:${organizationId}`}, 0))`);
}

/** Whether a transfer's process must be gone. */
export function isOver() {
  return sql`(${mediaTransfers.startedAt} < now() - make_interval(mins => ${transferMinutesMax}::int))`;
}
