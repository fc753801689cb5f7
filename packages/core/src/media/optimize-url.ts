import type { OptimizedUrl, OptimizeUrl } from '@vibetribe/contracts/media';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';

/** The address of a media fitted and encoded as wanted; that of a video or a document is the original's. @throws DomainError `not_found` */
export async function optimizeUrl(
  deps: Pick<MediaDependencies, 'db' | 'mediaUrls'>,
  actor: Actor,
  { publicId, format = 'auto', ...size }: OptimizeUrl,
): Promise<OptimizedUrl> {
  requireRight(actor, 'media:read');
  const [object] = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .select({ key: mediaObjects.storeKey, mimeType: mediaObjects.mimeType, kind: media.kind })
      .from(media)
      .innerJoin(
        mediaObjects,
        and(eq(mediaObjects.organizationId, media.organizationId), eq(mediaObjects.id, media.objectId)),
      )
      .where(and(eq(media.organizationId, actor.organizationId), eq(media.publicId, publicId))),
  );
  if (object === undefined) throw notFound('media');
  const { url, expiresAt } = deps.mediaUrls.urlOf(object, object.kind === 'image' ? { ...size, format } : {});
  return { url, expiresAt: expiresAt?.toISOString() ?? null };
}
