import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { walkGif } from '../containers/walk-gif.ts';
import { walkHeif } from '../containers/walk-heif.ts';
import { walkJpeg } from '../containers/walk-jpeg.ts';
import { walkPng } from '../containers/walk-png.ts';
import { walkWebp } from '../containers/walk-webp.ts';

/** What the container says, before anything is decoded. */
export interface ImageLayout {
  /** Null where the container does not say. */
  readonly width: number | null;
  readonly height: number | null;
  readonly frames: number;
  readonly durationMs: number;
  /** Of PNG: the exponent of its samples, where it is not about that of sRGB. Null: nothing is to be done. */
  readonly gamma: number | null;
  readonly endOffset: number;
  /** The picture is whole, but the mark of its end is not there. */
  readonly isEndMissing: boolean;
  /** The data cannot hold a picture of this size. */
  readonly isTooShort: boolean;
  /** There are parts that say nothing about the picture. */
  readonly hasMetadata: boolean;
}

export type ImageMimeType = Extract<MediaMimeType, `image/${string}`>;

/** @throws MediaRefusedError `malformed` or `too_costly` */
export function readImageLayout(file: Buffer, mimeType: ImageMimeType): ImageLayout {
  switch (mimeType) {
    case 'image/jpeg':
      return jpegLayout(file);
    case 'image/png':
      return pngLayout(file);
    case 'image/gif': {
      const { blocks, ...gif } = walkGif(file);
      const hasMetadata = gif.endOffset < file.length || blocks.some(({ kind }) => kind === 'metadata');
      return { ...gif, gamma: null, isTooShort: false, hasMetadata };
    }
    case 'image/heic':
    case 'image/avif':
      return heifLayout(file);
    case 'image/webp': {
      const { canvas, chunks, ...webp } = walkWebp(file);
      const hasMetadata = webp.endOffset < file.length || chunks.some(({ type }) => !webpPictureChunks.has(type));
      return {
        ...webp,
        width: canvas?.width ?? null,
        height: canvas?.height ?? null,
        gamma: null,
        isTooShort: false,
        hasMetadata,
      };
    }
  }
}

/** Place and camera stand in parts of their own, in each that was seen. */
function heifLayout(file: Buffer): ImageLayout {
  const { width, height, endOffset } = walkHeif(file);
  const still = { frames: 1, durationMs: 0, gamma: null, isEndMissing: false, isTooShort: false };
  return { width, height, endOffset, ...still, hasMetadata: true };
}

function jpegLayout(file: Buffer): ImageLayout {
  const { segments, hasGaps, endOffset, isEndMissing, isTooShort, width, height } = walkJpeg(file);
  return {
    width,
    height,
    frames: 1,
    durationMs: 0,
    gamma: null,
    endOffset,
    isEndMissing,
    isTooShort,
    hasMetadata:
      hasGaps ||
      endOffset < file.length ||
      segments.some(({ marker, start, end }) => isJpegMetadata(marker, file.subarray(start, end))),
  };
}

function pngLayout(file: Buffer): ImageLayout {
  const { width, height, frames, durationMs, gamma, chunks, endOffset, isEndMissing, isTooShort } = walkPng(file);
  return {
    width,
    height,
    frames,
    durationMs,
    gamma,
    endOffset,
    isEndMissing,
    isTooShort,
    hasMetadata: endOffset < file.length || chunks.some(({ type }) => pngMetadataChunks.has(type)),
  };
}

/** JFIF, the colour profile and Adobe's colour transform belong to the picture; every other application segment and comment does not. */
export function isJpegMetadata(marker: number, segment: Buffer): boolean {
  if (marker === 0xfe) return true;
  if (marker < 0xe0 || marker > 0xef) return false;
  const name = segment.toString('latin1', 4, 16);
  const belongs =
    (marker === 0xe0 && name.startsWith('JFIF\0')) ||
    (marker === 0xe2 && name.startsWith('ICC_PROFILE\0')) ||
    (marker === 0xee && name.startsWith('Adobe'));
  return !belongs;
}

export const pngMetadataChunks: ReadonlySet<string> = new Set(['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME', 'zxIf']);
export const webpPictureChunks: ReadonlySet<string> = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);

/** @throws MediaRefusedError `too_many_pixels`, `too_many_frames` or `malformed` */
export function refuseHugeImage(
  { width, height, frames }: Pick<ImageLayout, 'width' | 'height' | 'frames'>,
  limits: { readonly pixelsMax: number; readonly framesMax: number },
): void {
  if (width === 0 || height === 0) throw new MediaRefusedError('malformed', 'The picture has no size.');
  if (width !== null && height !== null && width * height > limits.pixelsMax) {
    throw new MediaRefusedError(
      'too_many_pixels',
      `The picture has ${width} x ${height} pixels; ${limits.pixelsMax / 1e6} million are taken.`,
    );
  }
  if (frames > limits.framesMax) {
    throw new MediaRefusedError(
      'too_many_frames',
      `The animation has ${frames} frames; ${limits.framesMax} are taken.`,
    );
  }
}

export const endMarks: Readonly<Record<ImageMimeType, Buffer>> = {
  'image/jpeg': Buffer.from('ffd9', 'hex'),
  'image/png': Buffer.from('0000000049454e44ae426082', 'hex'),
  'image/gif': Buffer.from('3b', 'hex'),
  'image/webp': Buffer.alloc(1),
  'image/heic': Buffer.alloc(0),
  'image/avif': Buffer.alloc(0),
};

/** The picture alone: nothing behind its end, and the mark of its end. */
export function pictureOf(
  file: Buffer,
  mimeType: ImageMimeType,
  { endOffset, isEndMissing }: Pick<ImageLayout, 'endOffset' | 'isEndMissing'>,
): Buffer {
  if (!isEndMissing) return file.subarray(0, endOffset);
  const picture = Buffer.concat([file.subarray(0, endOffset), endMarks[mimeType]]);
  if (mimeType === 'image/webp') picture.writeUInt32LE(picture.length - 8, 4);
  return picture;
}
