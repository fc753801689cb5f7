import { type MediaConfig } from '@vibetribe/contracts/media';
import { type MediaKind, MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { imageFramesMax, imagePixelsMax } from '@vibetribe/media/inspect/image-limits';
import { documentBytesMax, imageBytesMax, mediaTypes, videoBytesMax } from '@vibetribe/media/media-type';
import type { Actor } from '../actor.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { readMediaUse } from './media-quota.ts';

/** How many files one request may bring. */
export const filesPerUploadMax = 10;

/** What may be uploaded, before anything is. */
export async function getMediaConfig(
  deps: Pick<MediaDependencies, 'db' | 'media' | 'mediaQuotaBytes'>,
  actor: Actor,
): Promise<MediaConfig> {
  requireRight(actor, 'media:read');
  const { bytesMax } = await deps.db.asTenant(actor.organizationId, (tx) =>
    readMediaUse(tx, actor.organizationId, deps.mediaQuotaBytes),
  );
  const typesOf = (kind: MediaKind) => MediaMimeType.options.filter((mimeType) => mediaTypes[mimeType].kind === kind);
  return {
    store: deps.media.store.id,
    filesMax: filesPerUploadMax,
    image: {
      mimeTypes: typesOf('image'),
      bytesMax: imageBytesMax,
      pixelsMax: imagePixelsMax,
      framesMax: imageFramesMax,
    },
    video: { mimeTypes: typesOf('video'), bytesMax: videoBytesMax },
    document: { mimeTypes: typesOf('document'), bytesMax: documentBytesMax },
    quotaBytesMax: bytesMax,
  };
}
