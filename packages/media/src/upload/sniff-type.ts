import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { foreignFormat } from './foreign-format.ts';

/** As many bytes of the beginning as `sniffType` wants to see; a shorter file is judged by what there is. */
export const sniffBytes = 4096;

/** `name`: what it looks like instead, in words, or null where it looks like nothing we know; `remedy`: what its owner can do. */
export type SniffedType =
  | { readonly mimeType: MediaMimeType }
  | { readonly mimeType: null; readonly name: string | null; readonly remedy: string | null };

/** The type of a file by its first bytes: a short table of what we take, and of what people send by mistake. */
export function sniffType(head: Buffer): SniffedType {
  const mimeType = imageType(head) ?? boxedType(head) ?? webmType(head) ?? mpegType(head) ?? documentType(head);
  return mimeType === null ? { mimeType, ...foreignFormat(head) } : { mimeType };
}

function imageType(head: Buffer): MediaMimeType | null {
  if (startsWith(head, [0xff, 0xd8, 0xff])) return 'image/jpeg';
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png';
  const signature = ascii(head, 0, 6);
  if (signature === 'GIF87a' || signature === 'GIF89a') return 'image/gif';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'image/webp';
  return null;
}

const ftypBytesMax = 1024;

/** A movie or a picture by its `ftyp` box. QuickTime files of old have none and begin with their index or data at once. */
function boxedType(head: Buffer): MediaMimeType | null {
  const box = ascii(head, 4, 8);
  const size = head.length >= 8 ? head.readUInt32BE(0) : 0;
  if (['moov', 'mdat', 'wide', 'skip', 'free', 'pnot'].includes(box))
    return size === 1 || size >= 8 ? 'video/quicktime' : null;
  if (box !== 'ftyp' || size < 16 || size > ftypBytesMax || size % 4 !== 0) return null;
  const brands = brandsOf(head, size);
  if (brands[0] === 'qt  ') return 'video/quicktime';
  if (brands.some((brand) => /^avi[fs]$/.test(brand))) return 'image/avif';
  if (brands.some((brand) => /^(hei[cxms]|hev[cx]|mif[12]|msf1)$/.test(brand))) return 'image/heic';
  if (isSoundBrand(brands[0] ?? '') || brands[0] === 'crx ') return null;
  // Cameras invent brands: whether there is a film in it, its index tells.
  return brands.includes('qt  ') && !brands.some((brand) => /^(iso|mp[47]|avc1|M4V|3g)/.test(brand))
    ? 'video/quicktime'
    : 'video/mp4';
}

function isSoundBrand(brand: string): boolean {
  return /^(M4[ABP] |F4[AB] |aax )$/.test(brand);
}

/** The major brand first, then the compatible ones. */
function brandsOf(head: Buffer, size: number): string[] {
  const brands = [ascii(head, 8, 12)];
  for (let offset = 16; offset + 4 <= Math.min(size, head.length); offset += 4) {
    brands.push(ascii(head, offset, offset + 4));
  }
  return brands;
}

/** EBML whose DocType, which stands among its first elements, is WebM. Matroska of any other kind is not taken. */
function webmType(head: Buffer): MediaMimeType | null {
  if (!startsWith(head, [0x1a, 0x45, 0xdf, 0xa3])) return null;
  const at = head.subarray(0, headerBytesMax).indexOf(Buffer.of(0x42, 0x82));
  // Its length stands in one byte, or where a writer left room, in more.
  const text = at + 2 + Math.clz32(head[at + 2] ?? 0) - 23;
  return at !== -1 && ascii(head, text, text + 4) === 'webm' ? 'video/webm' : null;
}

const headerBytesMax = 512;

/** A program stream (MPEG-1 or MPEG-2 pack header) or a bare video stream (sequence header). */
function mpegType(head: Buffer): MediaMimeType | null {
  if (head.length < 12 || !startsWith(head, [0x00, 0x00, 0x01])) return null;
  const code = head[3];
  const marker = head[4] ?? 0;
  if (code === 0xba && ((marker & 0xc4) === 0x44 || (marker & 0xf1) === 0x21)) return 'video/mpeg';
  return code === 0xb3 ? 'video/mpeg' : null;
}

/** Which document of an office program it is, its inside tells: until then it is called a Word document. */
function documentType(head: Buffer): MediaMimeType | null {
  if (ascii(head, 0, 5) === '%PDF-') return 'application/pdf';
  if (startsWith(head, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) return 'application/msword';
  return isOfficePackage(head) ? 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' : null;
}

/** A ZIP file whose first entry is one that such documents begin with. */
function isOfficePackage(head: Buffer): boolean {
  if (!startsWith(head, [0x50, 0x4b, 0x03, 0x04]) || head.length < 30) return false;
  return /^(?:\[Content_Types\]\.xml$|(?:_rels|docProps|word|ppt)\/)/u.test(
    ascii(head, 30, 30 + head.readUInt16LE(26)),
  );
}

function startsWith(head: Buffer, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[index] === byte);
}

function ascii(head: Buffer, start: number, end: number): string {
  return head.toString('latin1', start, Math.min(end, head.length));
}
