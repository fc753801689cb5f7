import type { BlankRange } from './blank-range.ts';
import { type Box, child, uintIn } from './isobmff-boxes.ts';

/** Tracks that tell something about each moment: place, movement, faces. Subtitles and chapters are not among them. */
const handlers = new Set(['meta', 'camm']);

export function isTimedMetadata(moov: Buffer, trak: Box): boolean {
  const handler = child(moov, trak, 'mdia', 'hdlr');
  return handler !== null && handlers.has(moov.toString('latin1', handler.body + 8, handler.body + 12));
}

/**
 * Where the samples of such a track are: they stand among those of the picture, chunk by chunk. Empty where the index does not say.
 * @param data what may hold samples; nothing outside of it is named
 */
export function sampleRanges(moov: Buffer, trak: Box, data: readonly Box[]): BlankRange[] {
  const samples = child(moov, trak, 'mdia', 'minf', 'stbl');
  const sizes = samples === null ? null : child(moov, samples, 'stsz');
  const runs = samples === null ? null : child(moov, samples, 'stsc');
  const offsets = samples === null ? null : (child(moov, samples, 'stco') ?? child(moov, samples, 'co64'));
  if (sizes === null || runs === null || offsets === null) return [];
  const ranges: BlankRange[] = [];
  const offsetBytes = offsets.type === 'co64' ? 8 : 4;
  const chunks = uintIn(moov, offsets, 4, 4);
  const runCount = uintIn(moov, runs, 4, 4);
  const sampleCount = uintIn(moov, sizes, 8, 4);
  let sample = 0;
  let run = 0;
  for (let chunk = 1; chunk <= chunks && sample < sampleCount && run < runCount; chunk += 1) {
    if (run + 1 < runCount && uintIn(moov, runs, 8 + (run + 1) * 12, 4) <= chunk) run += 1;
    const count = Math.min(uintIn(moov, runs, 12 + run * 12, 4), sampleCount - sample);
    const offset = uintIn(moov, offsets, 8 + (chunk - 1) * offsetBytes, offsetBytes);
    const bytes = bytesOf(moov, sizes, sample, count);
    sample += count;
    if (bytes > 0 && data.some(({ body, end }) => offset >= body && offset + bytes <= end))
      ranges.push({ offset, bytes, becomes: 'zeros' });
  }
  return ranges;
}

/** All samples have one size, or each its own. */
function bytesOf(moov: Buffer, sizes: Box, first: number, count: number): number {
  const common = uintIn(moov, sizes, 4, 4);
  if (common > 0) return common * count;
  let bytes = 0;
  for (let sample = first; sample < first + count; sample += 1) bytes += uintIn(moov, sizes, 12 + sample * 4, 4);
  return bytes;
}
