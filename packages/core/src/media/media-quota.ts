import type { Transaction } from '@vibetribe/db/connect-database';
import { mediaObjects, mediaQuotas } from '@vibetribe/db/schema/media';
import { eq, sql } from 'drizzle-orm';

/** What an organization keeps and may keep, bytes. The same content counts once; what is being written counts already. */
export interface MediaUse {
  readonly storedBytes: number;
  readonly bytesMax: number;
}

export async function readMediaUse(
  tx: Transaction,
  organizationId: string,
  defaultBytesMax: number,
): Promise<MediaUse> {
  const [used] = await tx
    .select({ bytes: sql<string>`coalesce(sum(${mediaObjects.bytes}), 0)` })
    .from(mediaObjects)
    .where(eq(mediaObjects.organizationId, organizationId));
  const [own] = await tx.select().from(mediaQuotas).where(eq(mediaQuotas.organizationId, organizationId));
  return { storedBytes: Number(used?.bytes ?? 0), bytesMax: own?.bytesMax ?? defaultBytesMax };
}

/** Until the end of the transaction nobody else reserves room for this organization. */
export async function lockMediaUse(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`media:${organizationId}`}, 0))`);
}
