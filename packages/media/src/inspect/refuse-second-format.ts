import { MediaRefusedError } from '../media-refused-error.ts';
import type { ImageMimeType } from './read-image-layout.ts';

/**
 * Refuses a picture that is something else as well: an archive, a document, a page, a program. Cameras and programs append to a
 * picture whatever they like (a second picture, a film, their own notes, zeros); that is no reason to refuse, and never published.
 * A page behind a JPEG, which web servers and archives leave there, is none either: it has to be cut off before the file is kept.
 * @param endOffset where the picture ends
 * @returns whether there is such a page
 * @throws MediaRefusedError `second_format`
 */
export function refuseSecondFormat(file: Buffer, endOffset: number, mimeType: ImageMimeType): boolean {
  const trailer = file.subarray(endOffset);
  const found = documentIn(file) ?? archiveIn(file, endOffset) ?? programIn(trailer) ?? scriptIn(trailer);
  const isPage = found === null && hasPage(trailer);
  if (isPage && mimeType === 'image/jpeg') return true;
  const what = isPage ? 'a page' : found;
  if (what === null) return false;
  throw new MediaRefusedError('second_format', `Behind the picture, the file holds ${what}.`);
}

/** Readers of PDF look for its mark in so many bytes. */
const documentHeadBytes = 1024;

function documentIn(file: Buffer): string | null {
  return file.subarray(0, documentHeadBytes).includes('%PDF-') ? 'a PDF document' : null;
}

const zipEndBytes = 22;

/** A ZIP archive is read from its end: a record that says where its directory is. In the picture itself it has to end with the file. */
function archiveIn(file: Buffer, endOffset: number): string | null {
  const mark = Buffer.from('PK\u0005\u0006', 'latin1');
  for (let at = file.indexOf(mark); at !== -1 && at + zipEndBytes <= file.length; at = file.indexOf(mark, at + 1)) {
    const directoryEnd = file.readUInt32LE(at + 12) + file.readUInt32LE(at + 16);
    const commentEnd = at + zipEndBytes + file.readUInt16LE(at + 20);
    const isOneVolume = file.readUInt32LE(at + 4) === 0;
    if (commentEnd === file.length || (at >= endOffset && isOneVolume && directoryEnd <= at)) return 'a ZIP archive';
  }
  return null;
}

/** What may stand before a format's first bytes. */
const paddingBytesMax = 65_536;

const signatures: readonly (readonly [string, string])[] = [
  ['%PDF-', 'a PDF document'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  ["7z\xbc\xaf'\x1c", 'a 7z archive'],
  ['\xfd7zXZ\0', 'an XZ archive'],
  ['MSCF\0\0\0\0', 'a cabinet archive'],
  ['\x7fELF', 'a program'],
  ['\xca\xfe\xba\xbe\0', 'a program'],
  ['#!/', 'a script'],
];

function programIn(trailer: Buffer): string | null {
  const head = trailer.subarray(0, paddingBytesMax);
  const start = head.findIndex((byte) => byte !== 0 && byte !== 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0xff);
  if (start === -1) return null;
  const known = signatures.find(
    ([signature]) => trailer.toString('latin1', start, start + signature.length) === signature,
  );
  return known?.[1] ?? (isWindowsProgram(trailer.subarray(start)) ? 'a program' : null);
}

/** Its head names the place of a second one. */
function isWindowsProgram(file: Buffer): boolean {
  if (file.length < 64 || file.toString('latin1', 0, 2) !== 'MZ') return false;
  const at = file.readUInt32LE(60);
  return file.toString('latin1', at, at + 4) === 'PE\0\0';
}

/** A server that takes the file for a script would run it, wherever in the file it begins. A film of some megabytes has three given bytes by chance. */
function scriptIn(trailer: Buffer): string | null {
  return /<\?php\b|<%@\s*[a-z]{4,}[\s=]/i.test(trailer.toString('latin1')) ? 'a script' : null;
}

function hasPage(trailer: Buffer): boolean {
  return /<(?:!doctype\s+html|html|script|svg|iframe|body)[\s>]/i.test(trailer.toString('latin1'));
}
