import type { ByteSource } from './byte-source.ts';
import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';

const fragmentBytesMax = 8 * 1024 * 1024;

/** Samples of a track that stand in fragments (`moof`), not in the index. */
export interface FragmentedTimes {
  samples: number;
  /** From its first to the end of its last one: recordings may begin anywhere, and have gaps. */
  readonly ticks: number;
}

interface Run {
  samples: number;
  ticks: number;
  from: number;
  to: number;
}

/** By the track's number. */
export function readFragments(
  source: ByteSource,
  { moov, index, moofs }: { moov: Buffer; index: Box; moofs: readonly Box[] },
): Map<number, FragmentedTimes> {
  const usual = usualTicks(moov, index);
  const tracks = new Map<number, Run>();
  for (const moof of moofs) {
    const bytes = Math.min(moof.end - moof.start, fragmentBytesMax);
    const fragment = Buffer.from(source.read(moof.start, bytes));
    const whole: Box = { type: 'moof', start: 0, body: moof.body - moof.start, end: fragment.length };
    for (const traf of boxesIn(fragment, whole.body, whole.end).filter(({ type }) => type === 'traf'))
      readTrackFragment(fragment, traf, usual, tracks);
  }
  return new Map(
    [...tracks].map(([id, { samples, ticks, from, to }]) => [id, { samples, ticks: Math.max(ticks, to - from) }]),
  );
}

function readTrackFragment(
  fragment: Buffer,
  traf: Box,
  usual: ReadonlyMap<number, number>,
  tracks: Map<number, Run>,
): void {
  const inside = boxesIn(fragment, traf.body, traf.end);
  const header = inside.find(({ type }) => type === 'tfhd');
  if (header === undefined) return;
  const id = uintIn(fragment, header, 4, 4);
  const each = fragmentTicks(fragment, header) ?? usual.get(id) ?? 0;
  const found = tracks.get(id) ?? { samples: 0, ticks: 0, from: Infinity, to: -Infinity };
  let ticks = 0;
  for (const run of inside.filter(({ type }) => type === 'trun')) {
    const read = readRun(fragment, run, each);
    found.samples += read.samples;
    ticks += read.ticks;
  }
  found.ticks += ticks;
  const from = startTicks(fragment, inside) ?? (Number.isFinite(found.to) ? found.to : 0);
  found.from = Math.min(found.from, from);
  found.to = Math.max(found.to, from + ticks);
  tracks.set(id, found);
}

/** When its first sample is decoded (`tfdt`). */
function startTicks(fragment: Buffer, inside: readonly Box[]): number | null {
  const time = inside.find(({ type }) => type === 'tfdt');
  if (time === undefined) return null;
  return uintIn(fragment, time, 4, uintIn(fragment, time, 0, 1) === 1 ? 8 : 4);
}

/** Ticks of a sample where a fragment does not say otherwise, by the track's number. */
function usualTicks(moov: Buffer, index: Box): ReadonlyMap<number, number> {
  const extends_ = child(moov, index, 'mvex');
  if (extends_ === null) return new Map();
  return new Map(
    boxesIn(moov, extends_.body, extends_.end)
      .filter(({ type }) => type === 'trex')
      .map((box) => [uintIn(moov, box, 4, 4), uintIn(moov, box, 12, 4)]),
  );
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
