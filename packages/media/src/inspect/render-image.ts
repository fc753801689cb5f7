import { writeFile } from 'node:fs/promises';
import type { ImageTarget } from '@vibetribe/media-rules/plan-rendition';
import type { Sharp } from 'sharp';
import { MediaRefusedError } from '../media-refused-error.ts';
import { decodeImage } from './image-decoder.ts';
import { readPicture } from './read-picture.ts';
import { decodeCopy, openUpright, type PixelSize, uprightSize, type WorkingCopy } from './working-copy.ts';

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
  const picture = await readPicture(job.inputPath);
  const before = await decodeImage(picture.bytes).metadata();
  const upright = uprightSize(before);
  const copy = await decoding(() =>
    decodeCopy(picture.bytes, before, { upright: fitPixels(upright, job), keepsAlpha: job.mimeType !== 'image/jpeg' }),
  );
  const { data, width, height, quality } = await encodeWithin(copy, job);
  await writeFile(job.outputPath, data, { flag: 'wx', mode: 0o600 });
  return {
    bytes: data.length,
    width,
    height,
    done: [
      ...((before.orientation ?? 1) === 1 ? [] : ['turned upright']),
      ...((before.pages ?? 1) > 1 ? ['reduced to its first frame'] : []),
      ...(width < upright.width ? [`shrunk from ${upright.width} x ${upright.height} to ${width} x ${height}`] : []),
      ...(picture.mimeType === job.mimeType ? [] : [`converted to ${job.mimeType}`]),
      ...(before.hasAlpha && job.mimeType === 'image/jpeg' ? ['put on a white background'] : []),
      ...(quality === null || quality === qualities[0].quality ? [] : [`compressed to quality ${quality}`]),
      'stripped of place and camera',
    ],
  };
}

interface Encoded {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  /** Null where nothing is lost. */
  readonly quality: number | null;
}

async function encodeWithin(copy: WorkingCopy, job: RenderImage): Promise<Encoded> {
  const full = uprightSize(copy);
  const best = job.quality ?? qualities[0].quality;
  const first = await encode(copy, job, full, best);
  if (first.data.length <= job.bytesMax) return first;
  let last = first;
  if (job.quality === null && job.mimeType !== 'image/png') {
    // What is far from fitting is not tried, but for the last, which tells how far it is.
    const likely = ({ share }: { share: number }) => first.data.length * share * 0.85 <= job.bytesMax;
    for (const { quality } of qualities.slice(1).filter((each) => likely(each) || each === qualities[3])) {
      last = await encode(copy, job, full, quality);
      if (last.data.length <= job.bytesMax) return last;
    }
  }
  let factor = 1;
  for (let shrinks = 0; shrinks < shrinksMax; shrinks += 1) {
    factor *= Math.min(0.9, Math.sqrt(job.bytesMax / last.data.length) * 0.97);
    last = await encode(copy, job, scaled(full, factor), last.quality ?? best);
    if (last.data.length <= job.bytesMax) return last;
  }
  throw new MediaRefusedError('too_large', 'The picture cannot be made small enough.');
}

async function encode(
  copy: WorkingCopy,
  { mimeType }: RenderImage,
  size: PixelSize,
  quality: number,
): Promise<Encoded> {
  const image = encoderOf(openUpright(copy, size), mimeType, { ...size, quality });
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, quality: mimeType === 'image/png' ? null : quality };
}

/** With more, the better coding of JPEG takes ten times as long, and six bytes for each of them. */
const costlyPixels = 16_000_000;

function encoderOf(
  image: Sharp,
  mimeType: ImageTarget['mimeType'],
  { quality, width, height }: PixelSize & { quality: number },
): Sharp {
  switch (mimeType) {
    case 'image/jpeg':
      return image.jpeg({ quality, optimizeCoding: width * height <= costlyPixels });
    case 'image/webp':
      return image.webp({ quality, effort: 3 });
    case 'image/png':
      return image.png({ compressionLevel: 9 });
  }
}

async function decoding<Result>(decode: () => Promise<Result>): Promise<Result> {
  try {
    return await decode();
  } catch (cause) {
    throw new MediaRefusedError('malformed', 'The picture is broken or cut off.', { cause });
  }
}

/** Longer ones cannot be told in these formats, or not by their libraries. */
const edgePixelsMax = { 'image/jpeg': 65_500, 'image/png': 1_000_000, 'image/webp': 16_383 } as const;

/** Fitted inside every limit, in proportion; never enlarged. */
function fitPixels({ width, height }: PixelSize, target: ImageTarget): PixelSize {
  const edgeMax = edgePixelsMax[target.mimeType];
  const factor = Math.min(
    1,
    Math.min(edgeMax, target.widthMax ?? Infinity) / width,
    Math.min(edgeMax, target.heightMax ?? Infinity) / height,
    Math.sqrt((target.pixelsMax ?? Infinity) / (width * height)),
  );
  return scaled({ width, height }, factor);
}

function scaled({ width, height }: PixelSize, factor: number): PixelSize {
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}
