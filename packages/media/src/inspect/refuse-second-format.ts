import { MediaRefusedError } from '../media-refused-error.ts';
import type { ImageMimeType } from './read-image-layout.ts';

const zipEndBytes = 22;
const zipCommentBytesMax = 0xffff;

/**
 * Refuses a picture that is something else as well: a ZIP archive, a PDF document, a page, a program. Cameras append to JPEG what
 * belongs to it (a second picture, a film, the maker's own trailer); that is no reason to refuse, and never published.
 * @throws MediaRefusedError `second_format`
 */
export function refuseSecondFormat(file: Buffer, mimeType: ImageMimeType, endOffset: number): void {
  const trailer = file.subarray(endOffset);
  const found = hiddenIn(file) ?? (isHarmless(trailer, mimeType) ? null : 'data that does not belong to it');
  if (found !== null) throw new MediaRefusedError('second_format', `Behind the picture, the file holds ${found}.`);
}

function hiddenIn(file: Buffer): string | null {
  if (hasZipDirectory(file)) return 'a ZIP archive';
  if (file.subarray(0, 1024).includes('%PDF-')) return 'a PDF document';
  return null;
}

/** A ZIP archive is read from its end: a directory record whose comment reaches exactly to the end of the file. */
function hasZipDirectory(file: Buffer): boolean {
  const tail = file.subarray(-(zipEndBytes + zipCommentBytesMax));
  for (
    let at = tail.indexOf('PK\u0005\u0006', 0, 'latin1');
    at !== -1;
    at = tail.indexOf('PK\u0005\u0006', at + 1, 'latin1')
  ) {
    if (at + zipEndBytes <= tail.length && at + zipEndBytes + tail.readUInt16LE(at + 20) === tail.length) return true;
  }
  return false;
}

function isHarmless(trailer: Buffer, mimeType: ImageMimeType): boolean {
  if (trailer.every((byte) => byte === 0)) return true;
  if (mimeType !== 'image/jpeg') return false;
  const picture = trailer.indexOf(Buffer.from([0xff, 0xd8, 0xff]));
  const film = trailer.indexOf('ftyp');
  const isMakers = trailer.subarray(-4).toString('latin1') === 'SEFT';
  return isMakers || (picture !== -1 && picture < paddingBytesMax) || (film !== -1 && film < paddingBytesMax);
}

/** Second pictures and films are aligned to blocks of this size at most. */
const paddingBytesMax = 65_536;
