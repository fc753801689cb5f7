import { MediaRefusedError } from '../media-refused-error.ts';

export interface GifBlock {
  readonly kind: 'frame' | 'graphic_control' | 'loop' | 'metadata';
  readonly start: number;
  readonly end: number;
}

export interface GifLayout {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly durationMs: number;
  readonly hasTransparency: boolean;
  readonly blocks: readonly GifBlock[];
  /** Behind the end mark, or where something begins that is no block. */
  readonly endOffset: number;
  readonly isEndMissing: boolean;
}

const blocksMax = 20_000;

/** The blocks of a GIF file, without decompressing any. @throws MediaRefusedError */
export function walkGif(file: Buffer): GifLayout {
  if (file.length < 14) throw malformed();
  const blocks: GifBlock[] = [];
  let hasTransparency = false;
  let hundredths = 0;
  let start = 13 + colourTableBytes(file.readUInt8(10));
  let frames = 0;
  while (isBlock(file[start]) || frames === 0) {
    const block = blockAt(file, start);
    if (block === null) {
      // What a file that was cut off says behind its last picture is no loss.
      if (frames > 0 && file[start] === extension) break;
      throw malformed();
    }
    blocks.push(block);
    frames += block.kind === 'frame' ? 1 : 0;
    if (block.kind === 'graphic_control' && block.end - start >= 8) {
      hasTransparency ||= (file.readUInt8(start + 3) & 1) === 1;
      hundredths += file.readUInt16LE(start + 4);
    }
    if (blocks.length > blocksMax) throw new MediaRefusedError('too_many_frames', 'The animation has too many frames.');
    start = block.end;
  }
  return {
    width: file.readUInt16LE(6),
    height: file.readUInt16LE(8),
    frames,
    durationMs: hundredths * 10,
    hasTransparency,
    blocks,
    endOffset: file[start] === endMark ? start + 1 : start,
    isEndMissing: file[start] !== endMark,
  };
}

const endMark = 0x3b;
const extension = 0x21;

function isBlock(introducer: number | undefined): boolean {
  return introducer === 0x2c || introducer === extension;
}

/** Null where the file ends within it. */
function blockAt(file: Buffer, start: number): GifBlock | null {
  const introducer = file[start];
  if (introducer === 0x2c) {
    const flags = file[start + 9];
    if (flags === undefined) return null;
    // Descriptor, colour table, one byte of code size, then the data.
    const end = endOfSubBlocks(file, start + 10 + colourTableBytes(flags) + 1);
    return end === null ? null : { kind: 'frame', start, end };
  }
  if (introducer !== extension) throw malformed();
  const end = endOfSubBlocks(file, start + 2);
  return end === null ? null : { kind: extensionKind(file, start), start, end };
}

/** Comments, plain text and applications' own data say nothing about the picture; only the count of loops does. */
function extensionKind(file: Buffer, start: number): GifBlock['kind'] {
  if (file[start + 1] === 0xf9) return 'graphic_control';
  const application = file.toString('latin1', start + 3, start + 14);
  return file[start + 1] === 0xff && ['NETSCAPE2.0', 'ANIMEXTS1.0'].includes(application) ? 'loop' : 'metadata';
}

function endOfSubBlocks(file: Buffer, offset: number): number | null {
  let at = offset;
  for (;;) {
    const length = file[at];
    if (length === undefined) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
}

function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The GIF file is broken or cut off.');
}
