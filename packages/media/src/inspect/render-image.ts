import { readFile, writeFile } from 'node:fs/promises';
import type { ImageTarget } from '@vibetribe/contracts/plan-rendition';
import { decodeImage } from './image-decoder.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface RenderedImage {
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** What was done, in words for a person, in order. */
  readonly done: readonly string[];
}

/** `quality` where the target has a size in pixels only; null: as good as fits. */
export interface RenderImage extends ImageTarget {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly quality: number | null;
}

/** From good to still decent; below that, fewer pixels look better than more of worse ones. */
const qualities = [90, 82, 74, 66];
const shrinksMax = 8;

/**
 * Turns an image upright, takes away what it says about its maker, fits it into the target's pixels and bytes, and writes it.
 * Colours become sRGB. @throws MediaRefusedError where it cannot be decoded or made small enough
 */
export async function renderImage(job: RenderImage): Promise<RenderedImage> {
  const file = await readFile(job.inputPath);
  const before = await decodeImage(file).metadata();
  const isTurned = (before.orientation ?? 1) >= 5;
  const upright = { width: isTurned ? before.height : before.width, height: isTurned ? before.width : before.height };
  const fitted = fitPixels(upright, job);
  const { encoded, quality } = await encodeWithin(file, job, fitted);
  await writeFile(job.outputPath, encoded.data, { flag: 'wx', mode: 0o600 });
  const { width, height } = encoded.info;
  return {
    bytes: encoded.data.length,
    width,
    height,
    done: [
      ...((before.orientation ?? 1) === 1 ? [] : ['turned upright']),
      ...((before.pages ?? 1) > 1 ? ['reduced to its first frame'] : []),
      ...(width < upright.width ? [`shrunk from ${upright.width} x ${upright.height} to ${width} x ${height}`] : []),
      ...(`image/${before.format}` === job.mimeType ? [] : [`converted to ${job.mimeType}`]),
      ...(before.hasAlpha && job.mimeType === 'image/jpeg' ? ['put on a white background'] : []),
      ...(quality === null || quality === qualities[0] ? [] : [`compressed to quality ${quality}`]),
      'stripped of place and camera',
    ],
  };
}

interface Encoded {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number };
}

async function encodeWithin(
  file: Buffer,
  job: RenderImage,
  fitted: { width: number; height: number },
): Promise<{ encoded: Encoded; quality: number | null }> {
  const steps = job.mimeType === 'image/png' ? [null] : job.quality === null ? qualities : [job.quality];
  let size = fitted;
  for (let shrinks = 0; shrinks <= shrinksMax; shrinks += 1) {
    let smallest = Infinity;
    for (const quality of shrinks === 0 ? steps : steps.slice(-1)) {
      const encoded = await encode(file, job, size, quality);
      if (encoded.data.length <= job.bytesMax) return { encoded, quality };
      smallest = encoded.data.length;
    }
    const factor = Math.min(0.9, Math.sqrt(job.bytesMax / smallest) * 0.97);
    size = {
      width: Math.max(1, Math.floor(size.width * factor)),
      height: Math.max(1, Math.floor(size.height * factor)),
    };
  }
  throw new MediaRefusedError('too_large', 'The picture cannot be made small enough.');
}

async function encode(
  file: Buffer,
  job: RenderImage,
  size: { width: number; height: number },
  quality: number | null,
): Promise<Encoded> {
  const image = decodeImage(file, { autoOrient: true })
    .resize(size.width, size.height, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb');
  try {
    switch (job.mimeType) {
      case 'image/jpeg':
        return await image
          .flatten({ background: '#ffffff' })
          .jpeg({ quality: quality ?? 90 })
          .toBuffer({ resolveWithObject: true });
      case 'image/webp':
        return await image.webp({ quality: quality ?? 90, effort: 3 }).toBuffer({ resolveWithObject: true });
      case 'image/png':
        return await image.png({ compressionLevel: 9 }).toBuffer({ resolveWithObject: true });
    }
  } catch (cause) {
    throw new MediaRefusedError('malformed', 'The picture is broken or cut off.', { cause });
  }
}

/** Fitted inside every limit, in proportion; never enlarged. */
function fitPixels(
  { width, height }: { width: number; height: number },
  target: ImageTarget,
): { width: number; height: number } {
  const factor = Math.min(
    1,
    (target.widthMax ?? Infinity) / width,
    (target.heightMax ?? Infinity) / height,
    Math.sqrt((target.pixelsMax ?? Infinity) / (width * height)),
  );
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}
