import type { SizeTarget } from '@vibetribe/media-rules/plan-rendition';
import type { PixelSize } from './working-copy.ts';

/** Longer ones cannot be told in these formats, or not by their libraries. */
const edgePixelsMax = {
  'image/jpeg': 65_500,
  'image/png': 1_000_000,
  'image/webp': 16_383,
  'image/gif': 65_535,
} as const;

/** Fitted inside every limit, those of each format among them, in proportion; never enlarged. */
export function fitPixels(
  { width, height }: PixelSize,
  target: Pick<SizeTarget, 'widthMax' | 'heightMax' | 'pixelsMax'>,
  mimeTypes: readonly (keyof typeof edgePixelsMax)[],
): PixelSize {
  const edgeMax = Math.min(...mimeTypes.map((mimeType) => edgePixelsMax[mimeType]));
  const factor = Math.min(
    1,
    Math.min(edgeMax, target.widthMax ?? Infinity) / width,
    Math.min(edgeMax, target.heightMax ?? Infinity) / height,
    Math.sqrt((target.pixelsMax ?? Infinity) / (width * height)),
  );
  return scaled({ width, height }, factor);
}

export function scaled({ width, height }: PixelSize, factor: number): PixelSize {
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}
