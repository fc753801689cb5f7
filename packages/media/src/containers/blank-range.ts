import type { FileHandle } from 'node:fs/promises';

/** A part of a file that is taken away without moving anything else. */
export interface BlankRange {
  readonly offset: number;
  readonly bytes: number;
  /** What stands there afterwards, of the same length: an unused box of MP4, an unused element of WebM, or samples of nothing. */
  readonly becomes: 'free box' | 'void element' | 'zeros';
}

const pieceBytes = 256 * 1024;

export async function blank(file: FileHandle, { offset, bytes, becomes }: BlankRange): Promise<void> {
  const head = heads[becomes](bytes);
  await file.write(head, 0, head.length, offset);
  const zeros = Buffer.alloc(Math.min(pieceBytes, bytes));
  for (let at = head.length; at < bytes; at += zeros.length) {
    await file.write(zeros, 0, Math.min(zeros.length, bytes - at), offset + at);
  }
}

const heads: Readonly<Record<BlankRange['becomes'], (bytes: number) => Buffer>> = {
  'free box': (bytes) => {
    const head = Buffer.from('\0\0\0\0free', 'latin1');
    head.writeUInt32BE(bytes, 0);
    return head;
  },
  'void element': (bytes) => voidHead(bytes),
  zeros: () => Buffer.alloc(0),
};

const voidId = 0xec;
const longSizeBytes = 8;

/** RFC 8794, 11.3.2: its size is told in one byte where that is all the room there is, else in eight. */
function voidHead(bytes: number): Buffer {
  if (bytes < 1 + longSizeBytes) return Buffer.of(voidId, 0x80 | (bytes - 2));
  const head = Buffer.alloc(1 + longSizeBytes);
  head.writeUInt8(voidId, 0);
  head.writeBigUInt64BE(0x0100_0000_0000_0000n | BigInt(bytes - head.length), 1);
  return head;
}
