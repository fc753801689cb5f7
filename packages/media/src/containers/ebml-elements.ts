import type { ByteSource } from './byte-source.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** An element of an EBML file (RFC 8794); offsets are the file's. */
export interface Element {
  /** With its length marker, as the specifications write it: 0x1549a966 is Info. */
  readonly id: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
  /** A live recording does not know how long it becomes; `end` is then its container's. */
  readonly isOpen: boolean;
}

/** @throws MediaRefusedError where the element is broken or reaches beyond `limit` */
export function elementAt(source: ByteSource, start: number, limit: number): Element {
  const head = source.read(start, 12);
  const idBytes = lengthOf(head[0], 4);
  const sizeBytes = lengthOf(head[idBytes], 8);
  if (head.length < idBytes + sizeBytes) throw malformed();
  const body = start + idBytes + sizeBytes;
  const size = sizeAt(head, idBytes, sizeBytes);
  const end = size === null ? limit : body + size;
  if (end > limit) throw malformed();
  return { id: head.readUIntBE(0, idBytes), start, body, end, isOpen: size === null };
}

/** The elements that stand side by side in another. */
export function* elementsIn(source: ByteSource, parent: Pick<Element, 'body' | 'end'>): Generator<Element> {
  for (let start = parent.body; start < parent.end;) {
    const element = elementAt(source, start, parent.end);
    yield element;
    start = element.end;
  }
}

export function uintOf(source: ByteSource, { body, end }: Element): number {
  if (end - body > 8) throw malformed();
  return Number(`0x${source.read(body, end - body).toString('hex') || '0'}`);
}

export function floatOf(source: ByteSource, { body, end }: Element): number {
  const bytes = source.read(body, end - body);
  if (bytes.length === 4) return bytes.readFloatBE(0);
  if (bytes.length === 8) return bytes.readDoubleBE(0);
  throw malformed();
}

/** The count of leading zeros in the first byte tells how long a number is. */
function lengthOf(first: number | undefined, max: number): number {
  const length = first === undefined ? Infinity : Math.clz32(first) - 23;
  if (length > max) throw malformed();
  return length;
}

/** Null where all bits are set: unknown. */
function sizeAt(head: Buffer, offset: number, bytes: number): number | null {
  let value = BigInt((head[offset] ?? 0) & (0xff >> bytes));
  for (let index = 1; index < bytes; index += 1) value = value * 256n + BigInt(head[offset + index] ?? 0);
  return value === 2n ** BigInt(7 * bytes) - 1n ? null : Number(value);
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The video is broken or cut off.');
}
