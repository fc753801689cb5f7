import { readFile } from 'node:fs/promises';
import { inflateSync, constants } from 'node:zlib';
import type { DocumentMimeType, MediaFacts } from '@vibetribe/media-rules/media-facts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { probeOffice } from './probe-office.ts';

/** A document that nobody reads is not worth the time to count its pages. */
const pagesMax = 5_000;
const unpackedBytesMax = 128 * 1024 * 1024;
/** Readers look for the end of a PDF in so many bytes. */
const tailBytes = 2_048;

/** Counts the pages of a document by its objects; nothing of it is drawn or run. @throws MediaRefusedError */
export async function probeDocument(path: string, mimeType: DocumentMimeType): Promise<MediaFacts> {
  const file = await readFile(path);
  return mimeType === 'application/pdf'
    ? factsOf(file, { mimeType, pages: pagesOfPdf(file) })
    : factsOf(file, probeOffice(file));
}

function pagesOfPdf(file: Buffer): number {
  if (!file.subarray(-tailBytes).includes('%%EOF'))
    throw new MediaRefusedError('malformed', 'The document is broken or cut off.');
  if (file.includes('/Encrypt'))
    throw new MediaRefusedError('unsupported', 'The document is protected: save it without password and rights.');
  let pages = pagesIn(file);
  for (const objects of objectStreams(file)) {
    pages += pagesIn(objects);
    if (pages > pagesMax) break;
  }
  if (pages > pagesMax) throw new MediaRefusedError('unsupported', `The document has more than ${pagesMax} pages.`);
  if (pages === 0) throw new MediaRefusedError('malformed', 'The document has no page that can be found.');
  return pages;
}

function factsOf(file: Buffer, told: { readonly mimeType: DocumentMimeType; readonly pages?: number }): MediaFacts {
  return {
    kind: 'document',
    bytes: file.length,
    width: 0,
    height: 0,
    orientation: 1,
    animated: false,
    frames: 0,
    alpha: false,
    durationMs: null,
    framesPerSecond: null,
    codec: null,
    audioCodec: null,
    indexFirst: null,
    hasMetadata: false,
    ...told,
  };
}

/** `/Type /Page`, and not `/Pages`. */
function pagesIn(objects: Buffer): number {
  let pages = 0;
  for (let at = objects.indexOf('/Type'); at !== -1; at = objects.indexOf('/Type', at + 5)) {
    const rest = objects.toString('latin1', at + 5, at + 40);
    if (/^[\s\0]*\/Page(?![A-Za-z])/u.test(rest)) pages += 1;
  }
  return pages;
}

/** Since PDF 1.5 most objects stand packed in streams. One that cannot be unpacked holds no page that can be counted. */
function* objectStreams(file: Buffer): Generator<Buffer> {
  let left = unpackedBytesMax;
  for (let at = file.indexOf('/ObjStm'); at !== -1; at = file.indexOf('/ObjStm', at + 7)) {
    const start = file.indexOf('stream', at);
    const end = file.indexOf('endstream', start);
    if (start === -1 || end === -1) return;
    const unpacked = unpack(file.subarray(start + (file[start + 6] === 0x0d ? 8 : 7), end), left);
    if (unpacked === 'too_much')
      throw new MediaRefusedError('too_costly', 'Unpacking the document would take too much memory.');
    left -= unpacked.length;
    yield unpacked;
  }
}

function unpack(packed: Buffer, maxOutputLength: number): Buffer | 'too_much' {
  try {
    return inflateSync(packed, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (error instanceof RangeError) return 'too_much';
    return Buffer.alloc(0);
  }
}
