import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MediaRefusedError } from '../media-refused-error.ts';

/** Random access to a file with a budget: a file that makes its reader wander is refused before it has cost much. */
export interface ByteSource extends Disposable {
  readonly bytes: number;
  /** As many bytes as there are, at most `length`. */
  read(offset: number, length: number): Buffer;
}

const windowBytes = 64 * 1024;
const readsMax = 60_000;
const readBytesMax = 512 * 1024 * 1024;

/** Reads are synchronous: for a process that does nothing else and may be killed. */
export function openByteSource(path: string): ByteSource {
  const descriptor = openSync(path, 'r');
  const { size: bytes } = fstatSync(descriptor);
  let window: { offset: number; data: Buffer } = { offset: 0, data: Buffer.alloc(0) };
  let reads = 0;
  let readBytes = 0;

  function load(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, bytes - offset));
    reads += 1;
    readBytes += wanted;
    if (reads > readsMax || readBytes > readBytesMax) {
      throw new MediaRefusedError('too_costly', 'The video has too many parts to be read.');
    }
    const data = Buffer.alloc(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(descriptor, data, filled, wanted - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return data.subarray(0, filled);
  }

  return {
    bytes,
    read(offset, length) {
      if (length > windowBytes) return load(offset, length);
      const start = offset - window.offset;
      if (start < 0 || start + length > window.data.length) window = { offset, data: load(offset, windowBytes) };
      return window.data.subarray(offset - window.offset, offset - window.offset + length);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
