import { writeFile } from 'node:fs/promises';
import type { ImageTarget, SizeTarget } from '@vibetribe/media-rules/plan-rendition';
import { fitPixels, scaled } from './fit-pixels.ts';
import { broken, openPicture, type OpenPicture } from './open-picture.ts';
import { readPicture } from './read-picture.ts';
import { renderImage, type RenderedImage } from './render-image.ts';
import type { PixelSize } from './working-copy.ts';

export interface AnimateImage {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly gif: SizeTarget;
  /** What its first frame becomes where the GIF does not fit. */
  readonly still: ImageTarget;
}

/** Fewer pixels than this share of each edge are no animation to look at. */
const scalesOfGif = [1, 0.75, 0.5, 0.35];

/** Makes a GIF of an animated WebP. @throws MediaRefusedError where it cannot be decoded, or its first frame not made small enough */
export async function animateImage({ inputPath, outputPath, gif, still }: AnimateImage): Promise<RenderedImage> {
  const file = await readPicture(inputPath);
  const picture = await openPicture(file);
  const full = { width: picture.width, height: picture.height };
  const fitted = fitPixels(full, gif, ['image/gif']);
  for (const scale of scalesOfGif) {
    const size = scaled(fitted, scale);
    const data = await encodeGif(picture, size);
    if (data.length > gif.bytesMax) continue;
    await writeFile(outputPath, data, { flag: 'wx', mode: 0o600 });
    const shrunk =
      size.width < full.width ? [`shrunk from ${full.width} x ${full.height} to ${size.width} x ${size.height}`] : [];
    return { mimeType: 'image/gif', bytes: data.length, ...size, done: [...shrunk, 'converted to image/gif'] };
  }
  return renderImage({ inputPath, outputPath, ...still, quality: null });
}

async function encodeGif(picture: OpenPicture, { width, height }: PixelSize): Promise<Buffer> {
  try {
    return await picture
      .open({ pages: -1, limitInputPixels: false })
      .resize(width, height, { fit: 'fill' })
      .gif({ effort: 3 })
      .toBuffer();
  } catch (cause) {
    throw broken(cause);
  }
}
