import type { Media, UpdateMedia } from '@vibetribe/contracts/media';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { presentMedia } from './present-media.ts';

/**
 * Gives a file another alternative text: posts that are not out yet, and have none of their own for it, go out with it.
 * @throws DomainError `not_found`
 */
export async function updateMedia(
  deps: Pick<MediaDependencies, 'db' | 'mediaUrls'>,
  actor: Actor,
  { id, change }: { readonly id: string; readonly change: UpdateMedia },
): Promise<Media> {
  requireRight(actor, 'media:write');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const own = and(eq(media.organizationId, actor.organizationId), eq(media.id, id));
    const [row] = await tx
      .update(media)
      .set({ alt: change.alt === '' ? null : change.alt })
      .where(own)
      .returning();
    if (row?.objectId === undefined || row.objectId === null) throw notFound('media');
    const [object] = await tx
      .select()
      .from(mediaObjects)
      .where(and(eq(mediaObjects.organizationId, actor.organizationId), eq(mediaObjects.id, row.objectId)));
    if (object === undefined) throw notFound('media');
    return presentMedia(deps.mediaUrls, row, object);
  });
}
