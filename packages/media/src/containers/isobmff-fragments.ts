import type { ByteSource } from './byte-source.ts';
import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import type { Track } from './isobmff-track.ts';

const fragmentBytesMax = 4 * 1024 * 1024;

/** Samples and length of a track whose samples stand in fragments (`moof`), not in the index. */
export function readFragments(
  source: ByteSource,
  { moov, index, moofs, track }: { moov: Buffer; index: Box; moofs: readonly Box[]; track: Track },
): { samples: number; ticks: number } {
  const usual = usualTicks(moov, index, track.id);
  let samples = 0;
  let ticks = 0;
  for (const moof of moofs) {
    const bytes = Math.min(moof.end - moof.start, fragmentBytesMax);
    const fragment = Buffer.from(source.read(moof.start, bytes));
    const whole: Box = { type: 'moof', start: 0, body: moof.body - moof.start, end: fragment.length };
    for (const traf of boxesIn(fragment, whole.body, whole.end).filter(({ type }) => type === 'traf')) {
      const header = child(fragment, traf, 'tfhd');
      if (header === null || uintIn(fragment, header, 4, 4) !== track.id) continue;
      const each = fragmentTicks(fragment, header) ?? usual;
      for (const run of boxesIn(fragment, traf.body, traf.end).filter(({ type }) => type === 'trun')) {
        const read = readRun(fragment, run, each);
        samples += read.samples;
        ticks += read.ticks;
      }
    }
  }
  return { samples, ticks };
}

function usualTicks(moov: Buffer, index: Box, trackId: number): number {
  const extends_ = child(moov, index, 'mvex');
  if (extends_ === null) return 0;
  const own = boxesIn(moov, extends_.body, extends_.end).find(
    (box) => box.type === 'trex' && uintIn(moov, box, 4, 4) === trackId,
  );
  return own === undefined ? 0 : uintIn(moov, own, 12, 4);
}

/** The fragment's own length of a sample; fields before it are there or not, by flags. */
function fragmentTicks(fragment: Buffer, header: Box): number | null {
  const flags = uintIn(fragment, header, 0, 4) & 0xffffff;
  if ((flags & 0x08) === 0) return null;
  return uintIn(fragment, header, 8 + ((flags & 0x01) === 0 ? 0 : 8) + ((flags & 0x02) === 0 ? 0 : 4), 4);
}

function readRun(fragment: Buffer, run: Box, usual: number): { samples: number; ticks: number } {
  const flags = uintIn(fragment, run, 0, 4) & 0xffffff;
  const samples = uintIn(fragment, run, 4, 4);
  if ((flags & 0x100) === 0) return { samples, ticks: samples * usual };
  const first = 8 + ((flags & 0x01) === 0 ? 0 : 4) + ((flags & 0x04) === 0 ? 0 : 4);
  const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length;
  let ticks = 0;
  for (let sample = 0; sample < samples; sample += 1) ticks += uintIn(fragment, run, first + sample * fields * 4, 4);
  return { samples, ticks };
}
