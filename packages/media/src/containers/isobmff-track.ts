import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface Track {
  readonly kind: 'video' | 'audio' | 'other';
  readonly id: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly rotation: number;
  /** Ticks a second. */
  readonly timescale: number;
  readonly samples: number;
  readonly ticks: number;
}

/** Reads a `trak` box out of the index. @throws MediaRefusedError */
export function readTrack(moov: Buffer, trak: Box): Track {
  const header = required(child(moov, trak, 'tkhd'), 'tkhd');
  const mediaHeader = required(child(moov, trak, 'mdia', 'mdhd'), 'mdhd');
  const handler = required(child(moov, trak, 'mdia', 'hdlr'), 'hdlr');
  const kind = kinds[moov.toString('latin1', handler.body + 8, handler.body + 12)] ?? 'other';
  refuseOutsideData(moov, trak);
  if (kind === 'other')
    return { kind, id: 0, codec: '', width: 0, height: 0, rotation: 0, timescale: 0, samples: 0, ticks: 0 };
  const samples = required(child(moov, trak, 'mdia', 'minf', 'stbl'), 'stbl');
  const isLong = uintIn(moov, header, 0, 1) === 1;
  const hasLongTimes = uintIn(moov, mediaHeader, 0, 1) === 1;
  const shape = uintIn(moov, header, isLong ? 88 : 76, 4) / 65_536;
  return {
    kind,
    id: uintIn(moov, header, isLong ? 20 : 12, 4),
    ...sampleEntry(moov, samples, kind, {
      width: shape,
      height: uintIn(moov, header, isLong ? 92 : 80, 4) / 65_536,
    }),
    rotation: rotationOf(moov, header, isLong ? 52 : 40),
    timescale: uintIn(moov, mediaHeader, hasLongTimes ? 20 : 12, 4),
    ...sampleTimes(moov, samples),
  };
}

const kinds: Readonly<Record<string, Track['kind']>> = { vide: 'video', soun: 'audio' };

function sampleEntry(
  moov: Buffer,
  samples: Box,
  kind: Track['kind'],
  shown: { width: number; height: number },
): Pick<Track, 'codec' | 'width' | 'height'> {
  const descriptions = required(child(moov, samples, 'stsd'), 'stsd');
  const entry = boxesIn(moov, descriptions.body + 8, descriptions.end)[0];
  if (entry === undefined) throw malformed('stsd');
  const codec = codecNames[entry.type] ?? entry.type.trim();
  if (kind !== 'video') return { codec, width: 0, height: 0 };
  const coded = { width: uintIn(moov, entry, 24, 2), height: uintIn(moov, entry, 26, 2) };
  return { codec, width: Math.round(shown.width) || coded.width, height: Math.round(shown.height) || coded.height };
}

const codecNames: Readonly<Record<string, string>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'hevc',
  hev1: 'hevc',
  dvh1: 'hevc',
  dvhe: 'hevc',
  vp08: 'vp8',
  vp09: 'vp9',
  av01: 'av1',
  mp4v: 'mpeg4',
  jpeg: 'mjpeg',
  mjpa: 'mjpeg',
  apch: 'prores',
  apcn: 'prores',
  apcs: 'prores',
  apco: 'prores',
  ap4h: 'prores',
  mp4a: 'aac',
  '.mp3': 'mp3',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  Opus: 'opus',
  fLaC: 'flac',
  sowt: 'pcm',
  twos: 'pcm',
  lpcm: 'pcm',
};

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
