import type { SizeTarget } from '@vibetribe/media-rules/plan-rendition';
import type { PixelSize } from './working-copy.ts';

/** Longer ones cannot be told in these formats, or not by their libraries. */
const edgePixelsMax = {
  'image/jpeg': 65_500,
  'image/png': 1_000_000,
  'image/webp': 16_383,
  'image/gif': 65_535,
} as const;

/**
 * A WebP has 512 KB for how each of its blocks is coded (RFC 6386, 9.3): with more pixels than these its encoder may give up on a picture
 * with much in it.
 */
const webpPixelsMax = 12_000_000;

/** Fitted inside every limit, those of each format among them, in proportion; never enlarged. Pixels that one of the formats takes are kept for it. */
export function fitPixels(
  { width, height }: PixelSize,
  target: Pick<SizeTarget, 'widthMax' | 'heightMax' | 'pixelsMax'>,
  mimeTypes: readonly (keyof typeof edgePixelsMax)[],
): PixelSize {
  const edgeMax = Math.min(...mimeTypes.map((mimeType) => edgePixelsMax[mimeType]));
  const isWebp = mimeTypes.every((mimeType) => mimeType === 'image/webp');
  const pixelsMax = Math.min(isWebp ? webpPixelsMax : Infinity, target.pixelsMax ?? Infinity);
  const factor = Math.min(
    1,
    Math.min(edgeMax, target.widthMax ?? Infinity) / width,
    Math.min(edgeMax, target.heightMax ?? Infinity) / height,
    Math.sqrt(pixelsMax / (width * height)),
  );
  return scaled({ width, height }, factor);
}

export function scaled({ width, height }: PixelSize, factor: number): PixelSize {
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}
