import { MediaRefusedError } from '../media-refused-error.ts';

export interface PngChunk {
  /** Four letters, such as `IDAT`. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export interface PngLayout {
  readonly width: number;
  readonly height: number;
  /** 1 unless the file is an animated PNG. */
  readonly frames: number;
  readonly durationMs: number;
  readonly chunks: readonly PngChunk[];
  /** The exponent that the samples were made with, where nothing else tells their colours; null: sRGB's curve, or told otherwise. */
  readonly gamma: number | null;
  readonly endOffset: number;
  /** What follows the last chunk of the picture is no whole end mark. */
  readonly isEndMissing: boolean;
  /** The data cannot hold the picture that the header tells of, however well it was compressed. */
  readonly isTooShort: boolean;
}

const signatureBytes = 8;
const chunksMax = 20_000;

/** The chunks of a PNG file, without decompressing any. @throws MediaRefusedError */
export function walkPng(file: Buffer): PngLayout {
  const chunks = [...chunksOf(file)];
  const header = chunks[0];
  if (header?.type !== 'IHDR' || header.end - header.start !== 25 || !chunks.some(({ type }) => type === 'IDAT'))
    throw malformed();
  const animation = chunks.find(({ type, start, end }) => type === 'acTL' && end - start >= 20);
  return {
    width: file.readUInt32BE(header.start + 8),
    height: file.readUInt32BE(header.start + 12),
    frames: animation === undefined ? 1 : file.readUInt32BE(animation.start + 8),
    durationMs: durationOf(file, chunks),
    gamma: gammaIn(file, chunks),
    chunks,
    endOffset: chunks.at(-1)?.end ?? file.length,
    isEndMissing: chunks.at(-1)?.type !== 'IEND',
    isTooShort: !canHold(file, chunks),
  };
}

const samplesPerPixel: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Deflate makes no more than this of a byte. */
const inflationMax = 1032;

function canHold(file: Buffer, chunks: readonly PngChunk[]): boolean {
  const samples = samplesPerPixel[file.readUInt8(signatureBytes + 17)];
  const data = chunks.filter(({ type }) => type === 'IDAT');
  if (samples === undefined) return false;
  const [width, height] = [file.readUInt32BE(signatureBytes + 8), file.readUInt32BE(signatureBytes + 12)];
  const wantedBytes = height * (1 + (width * samples * file.readUInt8(signatureBytes + 16)) / 8);
  return data.reduce((sum, { start, end }) => sum + end - start, 0) * inflationMax >= wantedBytes;
}

function* chunksOf(file: Buffer): Generator<PngChunk> {
  let start = signatureBytes;
  let hasPicture = false;
  for (let count = 0; count < chunksMax; count += 1) {
    const type = file.toString('latin1', start + 4, start + 8);
    const isChunk = /^[A-Za-z]{4}$/.test(type) && start + 12 <= file.length;
    // The mark of the end, or a part of it, may be missing: the picture ends where no chunk follows.
    if (hasPicture && (!isChunk || type === 'IEND') && !isEnd(file, start)) return;
    if (!isChunk) throw malformed();
    const end = start + 12 + file.readUInt32BE(start);
    if (end > file.length) throw malformed();
    yield { type, start, end };
    if (type === 'IEND') return;
    hasPicture ||= type === 'IDAT';
    start = end;
  }
  throw new MediaRefusedError('too_costly', 'The picture has too many parts to be read.');
}

/** Length and name of the end mark; of its checksum no reader asks. */
const endMark = Buffer.from('0000000049454e44', 'hex');

function isEnd(file: Buffer, start: number): boolean {
  return start + 12 <= file.length && file.subarray(start, start + 8).equals(endMark);
}

/** What tells colours in full: then the gamma chunk is for those who do not know it. */
const colourChunks: ReadonlySet<string> = new Set(['iCCP', 'sRGB', 'cICP']);

function gammaIn(file: Buffer, chunks: readonly PngChunk[]): number | null {
  const chunk = chunks.find(({ type, start, end }) => type === 'gAMA' && end - start === 16);
  if (chunk === undefined || chunks.some(({ type }) => colourChunks.has(type))) return null;
  const gamma = file.readUInt32BE(chunk.start + 8) / 100_000;
  // As good as sRGB's own, or no gamma at all.
  return Math.abs(gamma - 1 / 2.2) < 0.01 || gamma < 0.05 || gamma > 5 ? null : gamma;
}

/** The sum of the frames' delays, each a fraction of a second. */
function durationOf(file: Buffer, chunks: readonly PngChunk[]): number {
  const frames = chunks.filter(({ type, start, end }) => type === 'fcTL' && end - start === 38);
  const seconds = frames.map(({ start }) => file.readUInt16BE(start + 28) / (file.readUInt16BE(start + 30) || 100));
  return Math.round(seconds.reduce((sum, each) => sum + each, 0) * 1000);
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The PNG file is broken or cut off.');
}
