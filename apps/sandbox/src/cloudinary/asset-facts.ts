import { open } from 'node:fs/promises';
import { headBytesMax, sizeOfImage } from '../uploads/received-file.ts';
import { movieFacts } from './movie-facts.ts';

/** What a file is, by its bytes, and what an answer tells of it. */
export type AssetFacts = {
  kind: 'image' | 'video' | 'raw';
  contentType: string;
  format: string | null;
  size: { width: number; height: number } | null;
  duration: number | null;
};

export async function readFacts(path: string, bytes: number): Promise<AssetFacts> {
  await using file = await open(path, 'r');
  const length = Math.min(bytes, headBytesMax);
  const { buffer: head } = await file.read(Buffer.alloc(length), 0, length, 0);
  const { format, contentType } = formats.find(({ begins }) => begins.test(head.toString('latin1', 0, 64))) ?? other;
  if (format === null) return { kind: 'raw', contentType, format, size: null, duration: null };
  if (contentType.startsWith('image/') || format === 'pdf') {
    const size = sizeOfImage(head) ?? null;
    return { kind: 'image', contentType, format, size, duration: null };
  }
  const movie = await movieFacts(file, bytes);
  return { kind: 'video', contentType, format, size: movie, duration: movie?.duration ?? null };
}

type Format = { format: string | null; contentType: string; begins: RegExp };

const other = { format: null, contentType: 'application/octet-stream' };

/** https://cloudinary.com/documentation/formats, in part. */
const formats: readonly Format[] = [
  { format: 'jpg', contentType: 'image/jpeg', begins: /^\xff\xd8\xff/u },
  { format: 'png', contentType: 'image/png', begins: /^\x89PNG/u },
  { format: 'gif', contentType: 'image/gif', begins: /^GIF8/u },
  { format: 'webp', contentType: 'image/webp', begins: /^RIFF[^]{4}WEBP/u },
  { format: 'bmp', contentType: 'image/bmp', begins: /^BM/u },
  { format: 'tiff', contentType: 'image/tiff', begins: /^(?:II\*\0|MM\0\*)/u },
  { format: 'avif', contentType: 'image/avif', begins: /^[^]{4}ftypavi[fs]/u },
  { format: 'heic', contentType: 'image/heic', begins: /^[^]{4}ftyp(?:hei[cxms]|hevc|mif1|msf1)/u },
  { format: 'svg', contentType: 'image/svg+xml', begins: /^\s*(?:<\?xml[^]*)?<svg/u },
  { format: 'pdf', contentType: 'application/pdf', begins: /^%PDF-/u },
  { format: 'mov', contentType: 'video/quicktime', begins: /^[^]{4}(?:ftypqt {2}|moov|mdat|wide|free)/u },
  { format: 'mp4', contentType: 'video/mp4', begins: /^[^]{4}ftyp/u },
  { format: 'webm', contentType: 'video/webm', begins: /^\p{Cc}E\xdf\xa3/u },
  { format: 'avi', contentType: 'video/x-msvideo', begins: /^RIFF[^]{4}AVI /u },
  { format: 'mpg', contentType: 'video/mpeg', begins: /^\0\0\p{Cc}[\xba\xb3]/u },
  { format: 'mp3', contentType: 'audio/mpeg', begins: /^ID3/u },
];
