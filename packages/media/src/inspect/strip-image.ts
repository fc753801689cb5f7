import { MediaRefusedError } from '../media-refused-error.ts';
import {
  endMarks,
  isJpegMetadata,
  type ImageMimeType,
  pngMetadataChunks,
  webpPictureChunks,
} from './read-image-layout.ts';
import { walkGif } from '../containers/walk-gif.ts';
import { walkJpeg } from '../containers/walk-jpeg.ts';
import { walkPng } from '../containers/walk-png.ts';
import { walkWebp } from '../containers/walk-webp.ts';

/**
 * The same picture, bit for bit, without what it says about its maker: place, camera, software, thumbnails, comments, and
 * whatever stands behind its end. An image whose EXIF orientation is not 1 has to be rendered instead.
 * @throws MediaRefusedError where the file cannot be read
 */
export function stripImage(file: Buffer, mimeType: ImageMimeType): Buffer {
  switch (mimeType) {
    case 'image/jpeg': {
      const { segments } = walkJpeg(file);
      const kept = segments.filter(({ marker, start, end }) => !isJpegMetadata(marker, file.subarray(start, end)));
      return Buffer.concat([file.subarray(0, 2), ...slices(file, kept), endMarks[mimeType]]);
    }
    case 'image/png': {
      const kept = walkPng(file).chunks.filter(({ type }) => type !== 'IEND' && !pngMetadataChunks.has(type));
      return Buffer.concat([file.subarray(0, 8), ...slices(file, kept), endMarks[mimeType]]);
    }
    case 'image/gif': {
      const { blocks } = walkGif(file);
      const kept = blocks.filter(({ kind }) => kind !== 'metadata');
      return Buffer.concat([file.subarray(0, blocks[0]?.start), ...slices(file, kept), endMarks[mimeType]]);
    }
    case 'image/webp':
      return stripWebp(file);
    case 'image/heic':
    case 'image/avif':
      throw new MediaRefusedError('unsupported', 'Such a picture is encoded anew.');
  }
}

/** The header's flags name the chunks that follow, and its length counts them. */
function stripWebp(file: Buffer): Buffer {
  const kept = walkWebp(file).chunks.filter(({ type }) => webpPictureChunks.has(type));
  const stripped = Buffer.concat([file.subarray(0, 12), ...slices(file, kept)]);
  stripped.writeUInt32LE(stripped.length - 8, 4);
  if (kept[0]?.type === 'VP8X') stripped.writeUInt8(stripped.readUInt8(20) & ~webpMetadataFlags, 20);
  return stripped;
}

/** EXIF and XMP. */
const webpMetadataFlags = 0x08 | 0x04;

function slices(file: Buffer, parts: readonly { readonly start: number; readonly end: number }[]): Buffer[] {
  return parts.map(({ start, end }) => file.subarray(start, end));
}
