import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { type EditList, readEdits } from './isobmff-edits.ts';
import { readSampleEntry, type SampleEntry } from './isobmff-sample-entry.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** A picture or sound track. Width and height as shown. */
export interface Track extends SampleEntry {
  readonly kind: 'video' | 'audio';
  readonly id: number;
  readonly rotation: number;
  /** Ticks a second. */
  readonly timescale: number;
  readonly edits: EditList | null;
  /** Of the index. */
  readonly samples: number;
  readonly ticks: number;
}

/** Reads a `trak` box out of the index; null of anything but pictures and sound. @throws MediaRefusedError */
export function readTrack(moov: Buffer, trak: Box): Track | null {
  const header = required(child(moov, trak, 'tkhd'), 'tkhd');
  const mediaHeader = required(child(moov, trak, 'mdia', 'mdhd'), 'mdhd');
  const handler = required(child(moov, trak, 'mdia', 'hdlr'), 'hdlr');
  const kind = kinds[moov.toString('latin1', handler.body + 8, handler.body + 12)];
  refuseOutsideData(moov, trak);
  if (kind === undefined) return null;
  const samples = required(child(moov, trak, 'mdia', 'minf', 'stbl'), 'stbl');
  const isLong = uintIn(moov, header, 0, 1) === 1;
  const hasLongTimes = uintIn(moov, mediaHeader, 0, 1) === 1;
  const shown = (at: number) => Math.round(uintIn(moov, header, (isLong ? 88 : 76) + at, 4) / 65_536);
  const entry = readSampleEntry(moov, samples, kind);
  return {
    ...entry,
    kind,
    id: uintIn(moov, header, isLong ? 20 : 12, 4),
    width: shown(0) || entry.width,
    height: shown(4) || entry.height,
    edits: readEdits(moov, trak),
    rotation: rotationOf(moov, header, isLong ? 52 : 40),
    timescale: uintIn(moov, mediaHeader, hasLongTimes ? 20 : 12, 4),
    ...sampleTimes(moov, samples),
  };
}

const kinds: Readonly<Record<string, Track['kind']>> = { vide: 'video', soun: 'audio' };

/** The upper left of the display matrix, in 16.16 fixed point, tells the turn. */
function rotationOf(moov: Buffer, header: Box, offset: number): number {
  const signed = (at: number) => Math.sign(uintIn(moov, header, offset + at, 4) | 0);
  const [a, b] = [signed(0), signed(4)];
  if (a === 0 && b !== 0) return b > 0 ? 90 : 270;
  return a < 0 ? 180 : 0;
}

/** Runs of samples of the same length. */
function sampleTimes(moov: Buffer, samples: Box): Pick<Track, 'samples' | 'ticks'> {
  const times = required(child(moov, samples, 'stts'), 'stts');
  const runs = uintIn(moov, times, 4, 4);
  if (times.body + 8 + runs * 8 > times.end) throw malformed('stts');
  let count = 0;
  let ticks = 0;
  for (let run = 0; run < runs; run += 1) {
    const length = uintIn(moov, times, 8 + run * 8, 4);
    count += length;
    ticks += length * uintIn(moov, times, 12 + run * 8, 4);
  }
  return { samples: count, ticks };
}

/** A track may name another file or address as the place of its data. A player would open it. */
function refuseOutsideData(moov: Buffer, trak: Box): void {
  const references = child(moov, trak, 'mdia', 'minf', 'dinf', 'dref');
  if (references === null) return;
  for (const reference of boxesIn(moov, references.body + 8, references.end)) {
    const isInside = (uintIn(moov, reference, 0, 4) & 1) === 1;
    if (!isInside)
      throw new MediaRefusedError('second_format', 'The video names another file as the place of its data.');
  }
}

function required(box: Box | null, type: string): Box {
  if (box === null) throw malformed(type);
  return box;
}

function malformed(type: string): MediaRefusedError {
  return new MediaRefusedError('malformed', `The video is broken: its ${type} part is missing or wrong.`);
}
