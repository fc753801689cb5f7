import { type Box, boxAt, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

export interface HeifLayout {
  /** Of the largest picture in the file, before it is turned; a decoder makes no larger one. */
  readonly width: number;
  readonly height: number;
  /** ICC; null where the file has none. */
  readonly profile: Buffer | null;
  readonly endOffset: number;
}

const partsMax = 20_000;

/** The boxes of a HEIC or AVIF file (ISO/IEC 23008-12), without decoding any picture. @throws MediaRefusedError */
export function walkHeif(file: Buffer): HeifLayout {
  const top = topBoxes(file);
  const meta = top.find(({ type }) => type === 'meta');
  if (meta === undefined)
    throw new MediaRefusedError(
      'unsupported',
      'The HEIC or AVIF file is a sequence without a still picture: export it as MP4, or one picture of it as JPEG.',
    );
  // Four bytes of version and flags stand before its parts.
  const properties = child(file, { ...meta, body: meta.body + 4 }, 'iprp', 'ipco');
  if (properties === null) throw malformed();
  const boxes = boxesIn(file, properties.body, properties.end);
  const sizes = boxes.filter(({ type }) => type === 'ispe').map((box) => sizeIn(file, box));
  const [largest] = sizes.toSorted((one, other) => other.width * other.height - one.width * one.height);
  if (largest === undefined) throw malformed();
  return { ...largest, profile: profileIn(file, boxes), endOffset: top.at(-1)?.end ?? file.length };
}

/** Those that stand there whole; what follows is not part of the picture. */
function topBoxes(file: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let start = 0; start + 8 <= file.length && boxes.length < partsMax;) {
    const size = file.readUInt32BE(start);
    const isBox = /^[\x20-\x7e]{4}$/.test(file.toString('latin1', start + 4, start + 8)) && (size < 2 || size >= 8);
    // Some writers end a file with zeros; a first box that is none was no picture before.
    if (!isBox && boxes.some(({ type }) => type === 'mdat' || type === 'meta')) return boxes;
    const box = boxAt(file.subarray(start, start + 16), start, file.length);
    boxes.push(box);
    start = box.end;
  }
  return boxes;
}

function sizeIn(file: Buffer, box: Box): { width: number; height: number } {
  return { width: uintIn(file, box, 4, 4), height: uintIn(file, box, 8, 4) };
}

function profileIn(file: Buffer, boxes: readonly Box[]): Buffer | null {
  const found = boxes.find(
    ({ type, body }) => type === 'colr' && ['prof', 'rICC'].includes(file.toString('latin1', body, body + 4)),
  );
  return found === undefined ? null : file.subarray(found.body + 4, found.end);
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The picture is broken or cut off.');
}
