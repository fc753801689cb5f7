import type { CheckedMedia } from '@vibetribe/media-rules/check-media';
import type { Transaction } from '@vibetribe/db/connect-database';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import type { OriginalMedia } from '@vibetribe/media/serve/media-reader';
import { and, eq, inArray } from 'drizzle-orm';

/** A media of a post: what rules are checked against, and what its publisher reads. */
export interface PostMediaItem extends OriginalMedia {
  readonly id: string;
  /** For `checkMedia`. */
  readonly checked: CheckedMedia;
}

/**
 * Media by id, in the order asked for; unknown and foreign ones are missing. Those found cannot be deleted until the transaction
 * ends.
 */
export async function readPostMedia(
  tx: Transaction,
  organizationId: string,
  ids: readonly string[],
): Promise<PostMediaItem[]> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return [];
  const rows = await tx
    .select({ id: media.id, alt: media.alt, object: mediaObjects })
    .from(media)
    .innerJoin(
      mediaObjects,
      and(eq(mediaObjects.organizationId, media.organizationId), eq(mediaObjects.id, media.objectId)),
    )
    .where(and(eq(media.organizationId, organizationId), inArray(media.id, wanted)))
    .for('key share', { of: media });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const { facts, sha256, storeKey: key, mimeType } = row.object;
    return [
      {
        id,
        organizationId,
        sha256,
        facts,
        alt: row.alt,
        object: { key, mimeType },
        checked: { ...facts, alt: row.alt },
      },
    ];
  });
}
