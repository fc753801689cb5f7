import { createHash } from 'node:crypto';
import { encodeBase32 } from './base32.ts';
import { encodeDagCbor } from './dag-cbor.ts';

/** Version 1, DAG-CBOR, SHA-256: https://atproto.com/specs/data-model#link-and-cid-formats */
const prefix = Buffer.of(0x01, 0x71, 0x12, 0x20);

/** The same for a file: codec `raw`. @param sha256 hex */
export function rawCidOf(sha256: string): string {
  return `b${encodeBase32(Buffer.concat([Buffer.of(0x01, 0x55, 0x12, 0x20), Buffer.from(sha256, 'hex')]))}`;
}

/** The content identifier of a record, the one any other implementation computes. */
export function cidOf(record: unknown): string {
  const digest = createHash('sha256').update(encodeDagCbor(record)).digest();
  return `b${encodeBase32(Buffer.concat([prefix, digest]))}`;
}
