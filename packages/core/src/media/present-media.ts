import type { Media } from '@vibetribe/contracts/media';
import type { media, mediaObjects } from '@vibetribe/db/schema/media';
import type { MediaUrls } from '@vibetribe/media/serve/media-urls';

export type MediaRow = typeof media.$inferSelect;
export type MediaObjectRow = typeof mediaObjects.$inferSelect;

export function presentMedia(urls: MediaUrls, row: MediaRow, object: MediaObjectRow): Media {
  const { animated, alpha, framesPerSecond, codec, audioCodec, pages } = object.facts;
  return {
    id: row.id,
    publicId: row.publicId,
    url: urls.urlOf({ key: object.storeKey, mimeType: object.mimeType }).url,
    type: row.kind,
    mimeType: row.mimeType,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    durationMs: row.durationMs,
    alt: row.alt,
    createdAt: row.createdAt.toISOString(),
    details: { animated, alpha, framesPerSecond, codec, audioCodec, ...(pages === undefined ? {} : { pages }) },
  };
}
