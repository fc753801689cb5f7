import type { Transaction } from '@vibetribe/db/connect-database';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import { and, eq, isNotNull, isNull, notExists, sql } from 'drizzle-orm';
import type { MediaDependencies } from './media-dependencies.ts';
import type { MediaObjectRow } from './present-media.ts';

/** An upload that takes longer was cut off. */
export const unfinishedHoursMax = 6;

/**
 * Removes content that no media uses any more. It has three steps, and any process may repeat each of them: the record is marked, the
 * store removes the file, the record is deleted. A record therefore never outlives its file, and no transaction waits for a store. An
 * upload never takes a marked record: it gets a record and a file of its own.
 * @returns bytes removed; null where it is in use, in another store, or gone already
 * @throws MediaStoreError
 */
export async function collectObject(
  deps: Pick<MediaDependencies, 'db' | 'media'>,
  objectId: string,
): Promise<number | null> {
  const marked = await deps.db.asWorker((tx) => markUnused(tx, deps.media.store.id, objectId));
  return marked === null ? null : removeMarked(deps, marked);
}

/** The second and third step. @throws MediaStoreError */
export async function removeMarked(
  { db, media: { store } }: Pick<MediaDependencies, 'db' | 'media'>,
  { id, storeKey: key, mimeType, bytes }: MediaObjectRow,
): Promise<number> {
  await store.remove({ key, mimeType });
  await db.asWorker((tx) =>
    tx.delete(mediaObjects).where(and(eq(mediaObjects.id, id), isNotNull(mediaObjects.removingAt))),
  );
  return bytes;
}

/** Marked now or before. */
async function markUnused(
  tx: Transaction,
  store: MediaObjectRow['store'],
  objectId: string,
): Promise<MediaObjectRow | null> {
  const [object] = await tx
    .select()
    .from(mediaObjects)
    .where(and(eq(mediaObjects.id, objectId), eq(mediaObjects.store, store)))
    .for('update');
  if (object === undefined || object.removingAt !== null) return object ?? null;
  const unused = notExists(
    tx
      .select({ one: sql`1` })
      .from(media)
      .where(and(eq(media.organizationId, mediaObjects.organizationId), eq(media.objectId, mediaObjects.id))),
  );
  const isOver = sql`(${mediaObjects.storedAt} is not null or ${mediaObjects.touchedAt} < now() - make_interval(hours => ${unfinishedHoursMax}::int))`;
  // In a statement after the lock's: an upload may have taken it up before, and is seen only now.
  const [marked] = await tx
    .update(mediaObjects)
    .set({ removingAt: sql`clock_timestamp()` })
    .where(and(eq(mediaObjects.id, objectId), isNull(mediaObjects.removingAt), unused, isOver))
    .returning();
  return marked ?? null;
}
