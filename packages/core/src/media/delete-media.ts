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
    // Locked by one statement and looked at by the next: whoever saves a post with it holds it until the commit.
    const own = and(eq(media.organizationId, organizationId), eq(media.publicId, publicId));
    const [row] = await tx.select({ id: media.id, objectId: media.objectId }).from(media).where(own).for('update');
    if (row === undefined) throw notFound('media');
    const unused = sql`not media_is_used(${media.organizationId}, ${media.id}, true)`;
    const { rowCount } = await tx.delete(media).where(and(eq(media.id, row.id), unused));
    if (rowCount !== 1)
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
