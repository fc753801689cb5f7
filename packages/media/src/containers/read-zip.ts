import { inflateRawSync } from 'node:zlib';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Of its local header. */
  readonly offset: number;
}

const entriesMax = 20_000;
const endBytes = 22;
const commentBytesMax = 65_535;

/**
 * The directory of a ZIP file that is nothing else: its first entry begins the file, its end ends it, and nothing lies between.
 * @throws MediaRefusedError
 */
export function readZipDirectory(file: Buffer): ZipEntry[] {
  const end = endOf(file);
  const count = file.readUInt16LE(end + 10);
  const bytes = file.readUInt32LE(end + 12);
  let at = file.readUInt32LE(end + 16);
  if (at + bytes !== end || file.readUInt32LE(0) !== 0x04_03_4b_50) throw malformed();
  if (count > entriesMax) throw new MediaRefusedError('too_costly', 'The document has too many parts to be read.');
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > end || file.readUInt32LE(at) !== 0x02_01_4b_50) throw malformed();
    const nameBytes = file.readUInt16LE(at + 28);
    entries.push({
      name: file.toString('utf8', at + 46, at + 46 + nameBytes),
      method: file.readUInt16LE(at + 10),
      isEncrypted: (file.readUInt16LE(at + 8) & 1) === 1,
      packedBytes: file.readUInt32LE(at + 20),
      bytes: file.readUInt32LE(at + 24),
      offset: file.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  if (at !== end) throw malformed();
  return entries;
}

/** One entry, unpacked up to a number of bytes. @throws MediaRefusedError */
export function readZipEntry(file: Buffer, entry: ZipEntry, bytesMax: number): Buffer {
  const { offset, packedBytes, method } = entry;
  if (file.readUInt32LE(offset) !== 0x04_03_4b_50) throw malformed();
  const start = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
  if (start + packedBytes > file.length) throw malformed();
  const packed = file.subarray(start, start + packedBytes);
  if (method === 0) return packed.subarray(0, bytesMax);
  if (method !== 8) throw malformed();
  try {
    return inflateRawSync(packed, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof RangeError)
      throw new MediaRefusedError('too_costly', 'Unpacking the document would take too much memory.');
    throw malformed();
  }
}

/** Read from its end, where a comment may follow. */
function endOf(file: Buffer): number {
  const first = Math.max(0, file.length - endBytes - commentBytesMax);
  for (let at = file.length - endBytes; at >= first; at -= 1)
    if (file.readUInt32LE(at) === 0x06_05_4b_50 && at + endBytes + file.readUInt16LE(at + 20) === file.length)
      return at;
  throw malformed();
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The document is broken or cut off.');
}
