import { readAudioConfig } from './audio-config.ts';
import { encryptedVideo } from './encrypted-video.ts';
import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { chromaOf } from './isobmff-chroma.ts';
import { readDescriptor } from './isobmff-descriptor.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** How the samples of a picture or sound track are coded. Null: the file does not say. */
export interface SampleEntry {
  /** `h264`, `aac` and so on; an unknown one under its own four letters. */
  readonly codec: string;
  /** As coded; 0 of sound. */
  readonly width: number;
  readonly height: number;
  /** `4:2:0` and so on. */
  readonly chroma: string | null;
  /** Width of a pixel divided by its height. */
  readonly pixelAspect: number | null;
  /** Of AAC: `lc`, `he`, `he-v2` and so on. */
  readonly audioProfile: string | null;
  readonly audioChannels: number | null;
}

const silent = { chroma: null, pixelAspect: null, audioProfile: null, audioChannels: null };

/** Reads the first entry of a track's `stsd`. @throws MediaRefusedError where it is encrypted */
export function readSampleEntry(moov: Buffer, samples: Box, kind: 'video' | 'audio'): SampleEntry {
  const inside = (entry: Box) => (kind === 'video' ? insideVideo(moov, entry) : insideSound(moov, entry));
  const entries = entriesOf(moov, samples)
    .slice(0, entriesMax)
    .map((entry) => ({ entry, inside: inside(entry) }));
  // A clear beginning does not help.
  if (entries.some(isEncrypted)) throw encryptedVideo();
  const [first] = entries;
  if (first === undefined) throw new MediaRefusedError('malformed', 'The video is broken: its stsd part is wrong.');
  return kind === 'video' ? videoEntry(moov, first.entry, first.inside) : soundEntry(moov, first.entry, first.inside);
}

const entriesMax = 100;

export function entriesOf(moov: Buffer, samples: Box): Box[] {
  const descriptions = child(moov, samples, 'stsd');
  return descriptions === null ? [] : boxesIn(moov, descriptions.body + 8, descriptions.end);
}

export function insideVideo(moov: Buffer, entry: Box): Box[] {
  return boxesOrNone(moov, entry.body + 78, entry.end);
}

/** QuickTime's two later versions have more fields before them, and put what MP4 has beside each other into a `wave` box. */
export function insideSound(moov: Buffer, entry: Box): Box[] {
  const version = entry.body + 10 <= entry.end ? uintIn(moov, entry, 8, 2) : 0;
  const fields = [28, 44, 64];
  const first = fields[version] ?? 28;
  for (const at of [first, ...fields]) {
    const boxes = boxesOrNone(moov, entry.body + at, entry.end);
    const wave = boxes.find(({ type }) => type === 'wave');
    if (wave !== undefined) return [...boxes, ...boxesOrNone(moov, wave.body, wave.end)];
    if (boxes.some(({ type }) => /^[\x20-\x7e]{4}$/.test(type))) return boxes;
  }
  return [];
}

/** Old writers end an entry with whatever they like. */
function boxesOrNone(moov: Buffer, from: number, to: number): Box[] {
  try {
    return boxesIn(moov, from, to);
  } catch (error) {
    if (error instanceof MediaRefusedError) return [];
    throw error;
  }
}

const encryptedTypes = new Set(['encv', 'enca', 'drmi', 'drms', 'p608']);

function isEncrypted({ entry, inside }: { readonly entry: Box; readonly inside: readonly Box[] }): boolean {
  return encryptedTypes.has(entry.type) || inside.some(({ type }) => type === 'sinf');
}

function videoEntry(moov: Buffer, entry: Box, inside: readonly Box[]): SampleEntry {
  const told = inside.find(({ type }) => type === 'esds');
  const aspect = inside.find(({ type }) => type === 'pasp');
  const spacing = aspect === undefined ? null : ratio(uintIn(moov, aspect, 0, 4), uintIn(moov, aspect, 4, 4));
  const byDescriptor = told === undefined ? null : readDescriptor(moov, told);
  return {
    ...silent,
    codec: objectTypes[byDescriptor?.objectType ?? 0] ?? codecNames[entry.type] ?? entry.type.trim(),
    width: uintIn(moov, entry, 24, 2),
    height: uintIn(moov, entry, 26, 2),
    chroma: chromaOf(moov, entry.type, inside),
    pixelAspect: spacing,
  };
}

function ratio(one: number, other: number): number | null {
  return one > 0 && other > 0 ? one / other : null;
}

function soundEntry(moov: Buffer, entry: Box, inside: readonly Box[]): SampleEntry {
  const told = inside.find(({ type }) => type === 'esds');
  const descriptor = told === undefined ? null : readDescriptor(moov, told);
  const byDescriptor = objectTypes[descriptor?.objectType ?? 0];
  const codec = byDescriptor ?? codecNames[entry.type] ?? entry.type.trim();
  const config = codec === 'aac' && descriptor !== null ? readAudioConfig(descriptor.config) : null;
  return {
    ...silent,
    codec,
    width: 0,
    height: 0,
    audioProfile: config?.profile ?? null,
    // Of AC-3 the entry says nothing that may be believed.
    audioChannels: config?.channels ?? (codec.endsWith('ac3') ? null : soundChannels(moov, entry)),
  };
}

export function soundChannels(moov: Buffer, entry: Box): number | null {
  if (entry.body + 28 > entry.end) return null;
  const isLong = uintIn(moov, entry, 8, 2) === 2 && entry.body + 44 <= entry.end;
  return (isLong ? uintIn(moov, entry, 40, 4) : uintIn(moov, entry, 16, 2)) || null;
}

/** https://mp4ra.org/registered-types/object-types */
const objectTypes: Readonly<Record<number, string>> = {
  0x20: 'mpeg4',
  0x21: 'h264',
  0x23: 'hevc',
  0x40: 'aac',
  ...Object.fromEntries([0x60, 0x61, 0x62, 0x63, 0x64, 0x65].map((type) => [type, 'mpeg2'])),
  ...Object.fromEntries([0x66, 0x67, 0x68].map((type) => [type, 'aac'])),
  0x69: 'mp3',
  0x6a: 'mpeg1',
  0x6b: 'mp3',
  0x6c: 'mjpeg',
  0xa5: 'ac3',
  0xa6: 'eac3',
  0xa9: 'dts',
  0xad: 'opus',
  0xdd: 'vorbis',
};

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
  'ms\0\u0055': 'mp3',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  Opus: 'opus',
  fLaC: 'flac',
  sowt: 'pcm',
  twos: 'pcm',
  lpcm: 'pcm',
  ipcm: 'pcm',
  fpcm: 'pcm',
  in24: 'pcm',
  in32: 'pcm',
  fl32: 'pcm',
  'raw ': 'pcm',
  NONE: 'pcm',
};
