import type { MediaMimeType } from '@vibetribe/contracts/media';
import { MediaRefusedError } from '../media-refused-error.ts';
import { walkGif } from '../containers/walk-gif.ts';
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
  /** The whole picture has to be in memory to be decoded, at this many bytes a pixel. 0 where it can be read line by line. */
  readonly wholeBytesPerPixel: number;
  readonly endOffset: number;
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
      return { ...gif, wholeBytesPerPixel: 4, hasMetadata: blocks.some(({ kind }) => kind === 'metadata') };
    }
    case 'image/webp': {
      const { canvas, chunks, ...webp } = walkWebp(file);
      const hasMetadata = chunks.some(({ type }) => !webpPictureChunks.has(type));
      return {
        ...webp,
        width: canvas?.width ?? null,
        height: canvas?.height ?? null,
        wholeBytesPerPixel: chunks.some(({ type }) => type === 'VP8L' || type === 'ANMF') ? 4 : 0,
        hasMetadata,
      };
    }
  }
}

function jpegLayout(file: Buffer): ImageLayout {
  const { segments, isProgressive, components, endOffset, width, height } = walkJpeg(file);
  return {
    width,
    height,
    frames: 1,
    durationMs: 0,
    // A progressive picture keeps a 16-bit coefficient for every sample until its last scan.
    wholeBytesPerPixel: isProgressive ? Math.min(components, 4) * 2 : 0,
    endOffset,
    hasMetadata:
      endOffset < file.length ||
      segments.some(({ marker, start, end }) => isJpegMetadata(marker, file.subarray(start, end))),
  };
}

function pngLayout(file: Buffer): ImageLayout {
  const { width, height, bitsPerPixel, isInterlaced, frames, durationMs, chunks, endOffset } = walkPng(file);
  return {
    width,
    height,
    frames,
    durationMs,
    wholeBytesPerPixel: isInterlaced ? bitsPerPixel / 8 : 0,
    endOffset,
    hasMetadata: chunks.some(({ type }) => pngMetadataChunks.has(type)),
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
  {
    width,
    height,
    frames,
    wholeBytesPerPixel,
  }: Pick<ImageLayout, 'width' | 'height' | 'frames' | 'wholeBytesPerPixel'>,
  limits: { readonly pixelsMax: number; readonly framesMax: number },
): void {
  if (width === 0 || height === 0) throw new MediaRefusedError('malformed', 'The picture has no size.');
  if (width !== null && height !== null && width * height > limits.pixelsMax) {
    throw new MediaRefusedError(
      'too_many_pixels',
      `The picture has ${width} x ${height} pixels; ${limits.pixelsMax / 1e6} million are taken.`,
    );
  }
  if ((width ?? 0) * (height ?? 0) * wholeBytesPerPixel > wholePictureBytesMax) {
    throw new MediaRefusedError(
      'too_many_pixels',
      'The picture is too large to be read in its form; save it as a plain (baseline) JPEG.',
    );
  }
  if (frames > limits.framesMax) {
    throw new MediaRefusedError(
      'too_many_frames',
      `The animation has ${frames} frames; ${limits.framesMax} are taken.`,
    );
  }
}

const wholePictureBytesMax = 150_000_000;
