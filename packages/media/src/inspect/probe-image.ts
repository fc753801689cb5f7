import { readFile } from 'node:fs/promises';
import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import type { Metadata } from 'sharp';
import { decodeImage } from './image-decoder.ts';
import { imageFramesMax, imagePixelsMax } from './image-limits.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import {
  type ImageLayout,
  type ImageMimeType,
  pictureOf,
  readImageLayout,
  refuseHugeImage,
} from './read-image-layout.ts';
import { refuseSecondFormat } from './refuse-second-format.ts';

/** The longest edge of the small picture that is decoded only to see that all of it can be. */
const proofPixels = 64;

/**
 * Reads an image's facts and proves that it can be decoded to its last line. For a process that may be killed: a hostile file
 * may still crash or stall a decoder.
 * @throws MediaRefusedError
 */
export async function probeImage(path: string, mimeType: ImageMimeType): Promise<MediaFacts> {
  const file = await readFile(path);
  const limits = { pixelsMax: imagePixelsMax, framesMax: imageFramesMax };
  const layout = readImageLayout(file, mimeType);
  refuseHugeImage(layout, limits);
  if (layout.isTooShort) throw malformed();
  refuseSecondFormat(file, layout.endOffset);
  const picture = pictureOf(file, mimeType, layout);
  const metadata = await readMetadata(picture);
  if (`image/${metadata.format}` !== mimeType) throw malformed();
  refuseHugeImage({ ...layout, width: metadata.width, height: metadata.height }, limits);
  await proveWhole(picture, layout);
  return factsOf(file, mimeType, layout, metadata);
}

async function readMetadata(file: Buffer): Promise<Metadata> {
  try {
    return await decodeImage(file, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw malformed(cause);
  }
}

/** Where the mark of the end is ours, a decoder that runs into it only warns that something is missing. */
async function proveWhole(picture: Buffer, { isEndMissing }: ImageLayout): Promise<void> {
  try {
    await decodeImage(picture, isEndMissing ? { failOn: 'warning' } : {})
      .resize(proofPixels, proofPixels, { fit: 'inside', kernel: 'nearest', fastShrinkOnLoad: true })
      .raw()
      .toBuffer();
  } catch (cause) {
    throw malformed(cause);
  }
}

function factsOf(file: Buffer, mimeType: ImageMimeType, layout: ImageLayout, metadata: Metadata): MediaFacts {
  const orientation = metadata.orientation ?? 1;
  const isTurned = orientation >= 5;
  const animated = layout.frames > 1;
  return {
    kind: 'image',
    mimeType,
    bytes: file.length,
    width: isTurned ? metadata.height : metadata.width,
    height: isTurned ? metadata.width : metadata.height,
    orientation,
    animated,
    frames: layout.frames,
    alpha: metadata.hasAlpha,
    durationMs: animated ? layout.durationMs : null,
    framesPerSecond: animated && layout.durationMs > 0 ? (layout.frames * 1000) / layout.durationMs : null,
    codec: null,
    audioCodec: null,
    indexFirst: null,
    hasMetadata: layout.hasMetadata || layout.isEndMissing,
  };
}

function malformed(cause?: unknown): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The picture is broken or cut off.', { cause });
}
