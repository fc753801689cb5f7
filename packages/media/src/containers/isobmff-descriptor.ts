import type { Box } from './isobmff-boxes.ts';

export interface Descriptor {
  /** How the stream is coded: objectTypeIndication. */
  readonly objectType: number;
  /** What its decoder needs to know; empty where nothing is said. */
  readonly config: Buffer;
}

const tags = { stream: 0x03, decoder: 0x04, config: 0x05 } as const;

/** Reads an `esds` box: descriptors in one another (ISO/IEC 14496-1, 7.2.6). Null where they are not whole. */
export function readDescriptor(moov: Buffer, { body, end }: Box): Descriptor | null {
  const stream = descriptorAt(moov.subarray(body + 4, end), tags.stream);
  if (stream === null || stream.length < 3) return null;
  const flags = stream.readUInt8(2);
  let at = 3 + ((flags & 0x80) === 0 ? 0 : 2);
  if ((flags & 0x40) !== 0) at += 1 + (stream[at] ?? 0);
  if ((flags & 0x20) !== 0) at += 2;
  const decoder = descriptorAt(stream.subarray(at), tags.decoder);
  if (decoder === null || decoder.length < 13) return null;
  return {
    objectType: decoder.readUInt8(0),
    config: descriptorAt(decoder.subarray(13), tags.config) ?? Buffer.alloc(0),
  };
}

/** Its length stands in up to four bytes of seven bits. */
function descriptorAt(data: Buffer, tag: number): Buffer | null {
  if (data[0] !== tag) return null;
  let length = 0;
  for (let at = 1; at <= 4; at += 1) {
    const byte = data[at];
    if (byte === undefined) return null;
    length = length * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return data.subarray(at + 1, at + 1 + length);
  }
  return null;
}
