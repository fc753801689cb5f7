import { media, mediaObjects } from '@vibetribe/db/schema/media';
import { and, eq, notExists, sql } from 'drizzle-orm';
import type { MediaDependencies } from './media-dependencies.ts';

/** An upload that takes longer was cut off. */
export const unfinishedHoursMax = 6;

/**
 * Removes content that no media has any more from the store, and then its record. The record stays locked meanwhile: an upload
 * of the same content waits, and then stores it anew.
 * @returns bytes removed; null where it is in use, in another store, or gone already
 * @throws MediaStoreError
 */
export async function collectObject(
  deps: Pick<MediaDependencies, 'db' | 'media'>,
  objectId: string,
): Promise<number | null> {
  return deps.db.asWorker(async (tx) => {
    const unused = notExists(
      tx
        .select({ one: sql`1` })
        .from(media)
        .where(and(eq(media.organizationId, mediaObjects.organizationId), eq(media.objectId, mediaObjects.id))),
    );
    const isOver = sql`(${mediaObjects.storedAt} is not null or ${mediaObjects.touchedAt} < now() - make_interval(hours => ${unfinishedHoursMax}::int))`;
    const [object] = await tx
      .select()
      .from(mediaObjects)
      .where(and(eq(mediaObjects.id, objectId), eq(mediaObjects.store, deps.media.store.id), unused, isOver))
      .for('update');
    if (object === undefined) return null;
    // An upload may have taken it up between the look and the lock.
    const removed = await tx
      .delete(mediaObjects)
      .where(and(eq(mediaObjects.id, objectId), unused))
      .returning({ bytes: mediaObjects.bytes });
    if (removed.length === 0) return null;
    await deps.media.store.remove({ key: object.storeKey, mimeType: object.mimeType });
    return object.bytes;
  });
}
