import { media } from '@vibetribe/db/schema/media';
import { and, eq, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError, notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { collectObject } from './collect-object.ts';
import type { MediaDependencies } from './media-dependencies.ts';

/**
 * Deletes a media, and its file if no other upload has the same content. What was published stays where it was published.
 * @throws DomainError `not_found`; `conflict` while a post uses it that has not ended everywhere
 */
export async function deleteMedia(
  deps: Pick<MediaDependencies, 'db' | 'media' | 'logger'>,
  actor: Actor,
  { publicId }: { readonly publicId: string },
): Promise<void> {
  requireRight(actor, 'media:write');
  const { organizationId } = actor;
  const objectId = await deps.db.asTenant(organizationId, async (tx) => {
    const [row] = await tx
      .delete(media)
      .where(and(eq(media.organizationId, organizationId), eq(media.publicId, publicId)))
      .returning({
        objectId: media.objectId,
        isUsed: sql<boolean>`media_is_used(${media.organizationId}, ${media.id}, true)`,
      });
    if (row === undefined) throw notFound('media');
    if (row.isUsed)
      throw new DomainError('conflict', 'A post that has not ended uses it; take it out of the post first.');
    return row.objectId;
  });
  if (objectId === null) return;
  try {
    await collectObject(deps, objectId);
  } catch (error) {
    deps.logger.warn({ err: error, objectId }, 'a deleted file is still in the store; the next collection tries again');
  }
}
