import { MediaRefusedError } from '../media-refused-error.ts';

export interface WebpChunk {
  /** Four characters, such as `VP8X`. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export interface WebpLayout {
  /** Null where only the coded picture itself tells them. */
  readonly canvas: { readonly width: number; readonly height: number } | null;
  readonly frames: number;
  readonly durationMs: number;
  readonly chunks: readonly WebpChunk[];
  readonly endOffset: number;
  /** The last byte, which makes the length even, is not there. */
  readonly isEndMissing: boolean;
}

const chunksMax = 20_000;

/** The chunks of a WebP file, without decoding any. @throws MediaRefusedError */
export function walkWebp(file: Buffer): WebpLayout {
  if (file.length < 20) throw malformed();
  const told = 8 + file.readUInt32LE(4);
  // Some writers leave out the byte that makes a length even, or count it where it is not.
  const endOffset = told === file.length + 1 ? file.length : told;
  if (endOffset > file.length) throw malformed();
  const chunks = [...chunksOf(file, endOffset)];
  const extended = chunks[0]?.type === 'VP8X' && chunks[0].end - chunks[0].start >= 18 ? chunks[0] : undefined;
  const frames = chunks.filter(({ type, start, end }) => type === 'ANMF' && end - start >= 24);
  return {
    canvas:
      extended === undefined
        ? null
        : { width: 1 + file.readUIntLE(extended.start + 12, 3), height: 1 + file.readUIntLE(extended.start + 15, 3) },
    frames: Math.max(1, frames.length),
    durationMs: frames.reduce((sum, { start }) => sum + file.readUIntLE(start + 20, 3), 0),
    chunks,
    endOffset,
    isEndMissing: endOffset % 2 === 1,
  };
}

function* chunksOf(file: Buffer, endOffset: number): Generator<WebpChunk> {
  let start = 12;
  for (let count = 0; count < chunksMax; count += 1) {
    if (start === endOffset) return;
    if (start + 8 > endOffset) throw malformed();
    const length = file.readUInt32LE(start + 4);
    const end = Math.min(start + 8 + length + (length % 2), Math.max(endOffset, start + 8 + length));
    if (end > endOffset) throw malformed();
    yield { type: file.toString('latin1', start, start + 4), start, end };
    start = end;
  }
  throw new MediaRefusedError('too_many_frames', 'The animation has too many frames.');
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The WebP file is broken or cut off.');
}
