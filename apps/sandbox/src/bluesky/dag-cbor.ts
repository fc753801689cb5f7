import { decodeBase32 } from './base32.ts';

/** The record holds something that the data model of AT Protocol does not have. */
export class DataModelError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DataModelError';
  }
}

/**
 * Encodes JSON of AT Protocol as DAG-CBOR: https://atproto.com/specs/data-model. `{$link}` becomes a CID, `{$bytes}` bytes.
 * @throws {DataModelError} for floats, broken links and bytes
 */
export function encodeDagCbor(value: unknown): Buffer {
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return encodeInteger(value);
  if (typeof value === 'string') return withHead(3, Buffer.from(value, 'utf8'));
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encodeDagCbor)]);
  if (typeof value !== 'object') throw new DataModelError(`${typeof value} is not part of the data model`);
  return encodeObject(value);
}

function encodeInteger(value: number): Buffer {
  if (!Number.isSafeInteger(value)) throw new DataModelError('numbers must be integers');
  return value >= 0 ? head(0, value) : head(1, -1 - value);
}

function encodeObject(value: object): Buffer {
  const entries = Object.entries(value);
  if (entries.length === 1 && '$link' in value) return encodeLink(value.$link);
  if (entries.length === 1 && '$bytes' in value) return withHead(2, Buffer.from(String(value.$bytes), 'base64'));
  const encoded = entries.map(([key, each]) => ({ key: Buffer.from(key, 'utf8'), value: encodeDagCbor(each) }));
  encoded.sort((a, b) => a.key.length - b.key.length || Buffer.compare(a.key, b.key));
  return Buffer.concat([head(5, encoded.length), ...encoded.flatMap((each) => [withHead(3, each.key), each.value])]);
}

function encodeLink(link: unknown): Buffer {
  const bytes = typeof link === 'string' && link.startsWith('b') ? decodeBase32(link.slice(1)) : undefined;
  if (bytes === undefined) throw new DataModelError('invalid CID in $link');
  return Buffer.concat([Buffer.of(0xd8, 42), withHead(2, Buffer.concat([Buffer.of(0), bytes]))]);
}

function withHead(major: number, content: Buffer): Buffer {
  return Buffer.concat([head(major, content.length), content]);
}

function head(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < 24) return Buffer.of(type | argument);
  if (argument < 2 ** 8) return Buffer.of(type | 24, argument);
  const wide = Buffer.alloc(argument < 2 ** 16 ? 3 : argument < 2 ** 32 ? 5 : 9);
  if (wide.length === 3) wide.writeUInt16BE(argument, 1);
  else if (wide.length === 5) wide.writeUInt32BE(argument, 1);
  else wide.writeBigUInt64BE(BigInt(argument), 1);
  wide[0] = type | (wide.length === 3 ? 25 : wide.length === 5 ? 26 : 27);
  return wide;
}
