import { writeFile } from 'node:fs/promises';
import type { ImageTarget, ImageTargetType } from '@vibetribe/media-rules/plan-rendition';
import type { Sharp } from 'sharp';
import { MediaRefusedError } from '../media-refused-error.ts';
import { fitPixels, scaled } from './fit-pixels.ts';
import { openPicture } from './open-picture.ts';
import { readPicture } from './read-picture.ts';
import { decodeCopy, openUpright, type PixelSize, uprightSize, type WorkingCopy } from './working-copy.ts';

export interface RenderedImage {
  readonly mimeType: ImageTargetType | 'image/gif';
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

/**
 * From good to still decent; below that, fewer pixels look better than more of worse ones. `share`: about how many bytes it takes
 * of those that the first one does.
 */
const qualities = [
  { quality: 90, share: 1 },
  { quality: 82, share: 0.66 },
  { quality: 74, share: 0.53 },
  { quality: 66, share: 0.46 },
] as const;
const shrinksMax = 8;

/**
 * Turns an image upright, takes away what it says about its maker, fits it into the target's pixels and bytes, and writes it.
 * Colours become sRGB. @throws MediaRefusedError where it cannot be decoded or made small enough
 */
export async function renderImage(job: RenderImage): Promise<RenderedImage> {
  const file = await readPicture(job.inputPath);
  const picture = await openPicture(file);
  const upright = uprightSize(picture);
  const keepsAlpha = picture.hasAlpha && job.mimeTypes[0] !== 'image/jpeg';
  const { gamma } = file.layout;
  const copy = await decodeCopy(picture, { upright: fitPixels(upright, job, job.mimeTypes), keepsAlpha, gamma });
  const { data, width, height, mimeType, quality } = await encodeWithin(copy, job);
  await writeFile(job.outputPath, data, { flag: 'wx', mode: 0o600 });
  return {
    mimeType,
    bytes: data.length,
    width,
    height,
    done: [
      ...(picture.orientation === 1 ? [] : ['turned upright']),
      ...(file.layout.frames > 1 ? ['reduced to its first frame'] : []),
      ...(width < upright.width ? [`shrunk from ${upright.width} x ${upright.height} to ${width} x ${height}`] : []),
      ...(file.mimeType === mimeType ? [] : [`converted to ${mimeType}`]),
      ...(picture.isCmyk ? ['converted from CMYK to sRGB'] : []),
      ...(picture.hasAlpha && mimeType === 'image/jpeg' ? ['put on a white background'] : []),
      ...(quality === null || quality === qualities[0].quality ? [] : [`compressed to quality ${quality}`]),
      'stripped of place and camera',
    ],
  };
}

interface Encoded {
  readonly mimeType: ImageTargetType;
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  /** Null where nothing is lost. */
  readonly quality: number | null;
}

/** The types in their order, each as large as it may be; the last one becomes as small as it must. */
async function encodeWithin(copy: WorkingCopy, job: RenderImage): Promise<Encoded> {
  const [first, ...others] = job.mimeTypes;
  if (first === undefined) throw new RangeError('a rendition needs a type');
  const best = await encode(copy, first, largestAs(first, copy), job.quality ?? qualities[0].quality);
  if (best.data.length <= job.bytesMax) return best;
  if (others.length > 0) return encodeWithin(copy, { ...job, mimeTypes: others });
  return compress(copy, job, best);
}

/** @param best encoded as well as can be, and too large */
async function compress(copy: WorkingCopy, job: RenderImage, best: Encoded): Promise<Encoded> {
  const full = largestAs(best.mimeType, copy);
  let last = best;
  if (job.quality === null && best.quality !== null) {
    // What is far from fitting is not tried, but for the last, which tells how far it is.
    const likely = ({ share }: { share: number }) => best.data.length * share * 0.85 <= job.bytesMax;
    for (const { quality } of qualities.slice(1).filter((each) => likely(each) || each === qualities[3])) {
      last = await encode(copy, best.mimeType, full, quality);
      if (last.data.length <= job.bytesMax) return last;
    }
  }
  let factor = 1;
  for (let shrinks = 0; shrinks < shrinksMax; shrinks += 1) {
    factor *= Math.min(0.9, Math.sqrt(job.bytesMax / last.data.length) * 0.97);
    last = await encode(copy, best.mimeType, scaled(full, factor), last.quality ?? 0);
    if (last.data.length <= job.bytesMax) return last;
  }
  throw new MediaRefusedError('too_large', 'The picture cannot be made small enough.');
}

async function encode(
  copy: WorkingCopy,
  mimeType: ImageTargetType,
  size: PixelSize,
  quality: number,
): Promise<Encoded> {
  const image = encoderOf(openUpright(copy, size), mimeType, { ...size, quality });
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { mimeType, data, width: info.width, height: info.height, quality: mimeType === 'image/png' ? null : quality };
}

/** As large as this type may be. */
function largestAs(mimeType: ImageTargetType, copy: WorkingCopy): PixelSize {
  return fitPixels(uprightSize(copy), { widthMax: null, heightMax: null, pixelsMax: null }, [mimeType]);
}

/** With more, the better codings take ten times as long, and in JPEG six bytes for each of them. */
const costlyPixels = 16_000_000;

function encoderOf(
  image: Sharp,
  mimeType: ImageTargetType,
  { quality, ...size }: PixelSize & { quality: number },
): Sharp {
  const isCostly = size.width * size.height > costlyPixels;
  switch (mimeType) {
    case 'image/jpeg':
      return image.flatten({ background: '#ffffff' }).jpeg({ quality, optimizeCoding: !isCostly });
    case 'image/webp':
      return image.webp({ quality, effort: 3 });
    case 'image/png':
      return image.png({ compressionLevel: isCostly ? 6 : 9 });
  }
}
