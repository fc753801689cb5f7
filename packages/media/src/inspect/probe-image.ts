import { readFile, truncate } from 'node:fs/promises';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { avifPixelsMax, imageFramesMax, imagePixelsMax } from './image-limits.ts';
import { broken, openPicture, type OpenPicture } from './open-picture.ts';
import {
  type ImageLayout,
  type ImageMimeType,
  pictureOf,
  readImageLayout,
  refuseHugeImage,
} from './read-image-layout.ts';
import { refuseSecondFormat } from './refuse-second-format.ts';
import { uprightSize } from './working-copy.ts';

/** The longest edge of the small picture that is decoded only to see that all of it can be. */
const proofPixels = 64;

/**
 * Reads an image's facts and proves that it can be decoded to its last line. A page behind its end is cut off the file. For a process that may be killed: a hostile file
 * may still crash or stall a decoder.
 * @throws MediaRefusedError
 */
export async function probeImage(path: string, mimeType: ImageMimeType): Promise<MediaFacts> {
  const whole = await readFile(path);
  const pixelsMax = mimeType === 'image/avif' ? avifPixelsMax : imagePixelsMax;
  const limits = { pixelsMax, framesMax: imageFramesMax };
  const layout = readImageLayout(whole, mimeType);
  refuseHugeImage(layout, limits);
  if (layout.isTooShort) throw broken();
  const file = refuseSecondFormat(whole, layout.endOffset, mimeType) ? whole.subarray(0, layout.endOffset) : whole;
  const picture = await openPicture({ mimeType, bytes: pictureOf(file, mimeType, layout) });
  refuseHugeImage({ ...layout, width: picture.width, height: picture.height }, limits);
  const alpha = await decodeWhole(picture, layout);
  if (file.length < whole.length) await truncate(path, file.length);
  return factsOf(file, mimeType, layout, picture, alpha);
}

/**
 * Where the mark of the end is ours, a decoder that runs into it only warns that something is missing.
 * @returns whether anything of it is transparent
 */
async function decodeWhole(picture: OpenPicture, { isEndMissing }: ImageLayout): Promise<boolean> {
  const image = picture.open(isEndMissing ? { failOn: 'warning' } : {});
  try {
    if (picture.hasAlpha) {
      const alpha = await image.extractChannel('alpha').toColourspace('b-w').raw({ depth: 'uchar' }).toBuffer();
      return alpha.some((value) => value !== 255);
    }
    await image
      .resize(proofPixels, proofPixels, { fit: 'inside', kernel: 'nearest', fastShrinkOnLoad: true })
      .raw()
      .toBuffer();
    return false;
  } catch (cause) {
    throw broken(cause);
  }
}

/** No platform takes these, and no browser shows CMYK as it was meant. */
const foreignTypes: ReadonlySet<ImageMimeType> = new Set(['image/heic', 'image/avif']);

function factsOf(
  file: Buffer,
  mimeType: ImageMimeType,
  layout: ImageLayout,
  picture: OpenPicture,
  alpha: boolean,
): MediaFacts {
  const animated = layout.frames > 1;
  return {
    kind: 'image',
    mimeType,
    bytes: file.length,
    ...uprightSize(picture),
    orientation: picture.orientation,
    animated,
    frames: layout.frames,
    alpha,
    durationMs: animated ? layout.durationMs : null,
    framesPerSecond: animated && layout.durationMs > 0 ? (layout.frames * 1000) / layout.durationMs : null,
    codec: null,
    audioCodec: null,
    indexFirst: null,
    hasMetadata: layout.hasMetadata || layout.isEndMissing,
    mustRender: picture.isCmyk || foreignTypes.has(mimeType),
  };
}
