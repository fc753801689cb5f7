import type { BlankRange } from './blank-range.ts';
import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';

/** Where an index says when it was made and changed: in its own header, and in each track's two. What is zero says nothing. */
export function dateRanges(moov: Buffer, index: Box, tracks: readonly Box[]): BlankRange[] {
  const headers = [
    ...boxesIn(moov, index.body, index.end).filter(({ type }) => type === 'mvhd'),
    ...tracks.flatMap((trak) => [child(moov, trak, 'tkhd'), child(moov, trak, 'mdia', 'mdhd')]),
  ];
  return headers.flatMap((header) => (header === null ? [] : datesOf(moov, header)));
}

function datesOf(moov: Buffer, header: Box): BlankRange[] {
  const offset = header.body + 4;
  const bytes = uintIn(moov, header, 0, 1) === 1 ? 16 : 8;
  if (offset + bytes > header.end) return [];
  const isTold = moov.subarray(offset, offset + bytes).some((byte) => byte !== 0);
  return isTold ? [{ offset, bytes, becomes: 'zeros' }] : [];
}
