import { MediaRefusedError } from '../media-refused-error.ts';

/** A box of an ISO base media file; offsets count from the beginning of the buffer it was found in. */
export interface Box {
  /** Four characters, such as `moov`. */
  readonly type: string;
  readonly start: number;
  /** Where its content begins. */
  readonly body: number;
  readonly end: number;
}

const boxesMax = 20_000;

/** The boxes that stand side by side between two offsets. @throws MediaRefusedError where one reaches beyond the end */
export function boxesIn(buffer: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  let start = from;
  // Some writers end a container with a zero of four bytes.
  while (start + 8 <= to) {
    const box = boxAt(buffer.subarray(start, to), start, to);
    boxes.push(box);
    if (boxes.length > boxesMax) throw new MediaRefusedError('too_costly', 'The video has too many parts to be read.');
    start = box.end;
  }
  return boxes;
}

/**
 * Reads one box's header.
 * @param head the bytes from its start; 16 are enough
 * @param limit the end of what contains it
 */
export function boxAt(head: Buffer, start: number, limit: number): Box {
  if (head.length < 8) throw malformed();
  const size = head.readUInt32BE(0);
  const type = head.toString('latin1', 4, 8);
  if (size === 0) return { type, start, body: start + 8, end: limit };
  if (size === 1) {
    if (head.length < 16) throw malformed();
    const large = Number(head.readBigUInt64BE(8));
    return checked({ type, start, body: start + 16, end: start + large }, limit);
  }
  return checked({ type, start, body: start + 8, end: start + size }, limit);
}

export function child(buffer: Buffer, parent: Box, ...path: readonly string[]): Box | null {
  let box: Box | null = parent;
  for (const type of path) {
    if (box === null) return null;
    box = boxesIn(buffer, box.body, box.end).find((one) => one.type === type) ?? null;
  }
  return box;
}

/** A number from inside a box. @throws MediaRefusedError where it lies beyond its end */
export function uintIn(buffer: Buffer, box: Box, offset: number, bytes: 1 | 2 | 4 | 8): number {
  const at = box.body + offset;
  if (at + bytes > box.end) throw malformed();
  return bytes === 8 ? Number(buffer.readBigUInt64BE(at)) : buffer.readUIntBE(at, bytes);
}

function checked(box: Box, limit: number): Box {
  if (box.end < box.body || box.end > limit) throw malformed();
  return box;
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The file is broken or cut off: a part of it reaches beyond its end.');
}
