import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp';
import { MediaRefusedError } from '../media-refused-error.ts';
import { decodeHeic } from './decode-heic.ts';
import { decodeImage } from './image-decoder.ts';
import type { Picture } from './read-picture.ts';
import { writeTiff } from './write-tiff.ts';

/** A picture that can be decoded, as often as needed. */
export interface OpenPicture {
  /** As its pixels stand in the file. */
  readonly width: number;
  readonly height: number;
  /** EXIF's number, 1 to 8, for how they have to be turned. */
  readonly orientation: number;
  readonly frames: number;
  /** There is a channel for it; it may be opaque everywhere. */
  readonly hasAlpha: boolean;
  readonly isCmyk: boolean;
  /** Each call decodes from the beginning. */
  open(options?: SharpOptions): Sharp;
}

/** @throws MediaRefusedError `malformed` where its header cannot be read, or it is not what its first bytes say */
export async function openPicture({ mimeType, bytes }: Pick<Picture, 'mimeType' | 'bytes'>): Promise<OpenPicture> {
  if (mimeType === 'image/heic') return openHeic(bytes);
  const metadata = await readMetadata(bytes);
  if (typeNames[metadata.format] !== mimeType) throw broken();
  const { width, height, orientation = 1, pages = 1, hasAlpha, space } = metadata;
  return {
    width,
    height,
    orientation,
    frames: pages,
    hasAlpha,
    isCmyk: space === 'cmyk',
    open: (options) => decodeImage(bytes, options),
  };
}

const typeNames: Readonly<Partial<Record<Metadata['format'], Picture['mimeType']>>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heif: 'image/avif',
};

/** Its decoder turns it upright, and knows nothing of colours. */
function openHeic(bytes: Buffer): OpenPicture {
  const { profile, ...decoded } = decodeHeic(bytes);
  const { pixels, width, height, channels } = decoded;
  const tiff = profile === null ? null : writeTiff(decoded, profile);
  return {
    width,
    height,
    orientation: 1,
    frames: 1,
    hasAlpha: channels === 4,
    isCmyk: false,
    open: () => (tiff === null ? sharp(pixels, { raw: { width, height, channels } }) : decodeImage(tiff)),
  };
}

async function readMetadata(bytes: Buffer): Promise<Metadata> {
  try {
    return await decodeImage(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw broken(cause);
  }
}

export function broken(cause?: unknown): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The picture is broken or cut off.', { cause });
}
