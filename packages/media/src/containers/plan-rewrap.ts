import type { BlankRange } from './blank-range.ts';
import { type Box, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { sampleRanges } from './isobmff-timed-metadata.ts';
import { makeBox, makeUint32 } from './make-boxes.ts';
import { copyBoxes, rewrapEntries } from './rewrap-sample-entry.ts';

/** How an MP4 is made of the parts of a QuickTime or MP4 file: head and index, then the data as they were. */
export interface RewrapPlan {
  /** `ftyp` and `moov`; the data are to follow at once. */
  readonly head: Buffer;
  /** What is to be copied, in this order; each becomes an `mdat` of its own. */
  readonly data: readonly Box[];
  /** Samples of what is left out, to be made zeros; offsets are those of the new file. */
  readonly blanks: readonly BlankRange[];
}

/** Of one `mdat`: its length stands in four bytes. */
const dataBytesMax = 0xffff_ffff - 8;
export const dataHeadBytes = 8;

/**
 * Null where there is no such MP4: a track's codec has no place in it, its index is not whole, or names data that are not there.
 * The first picture and the first sound track are kept; subtitles, time codes, chapters and whatever tells of its maker are not.
 */
export function planRewrap(moov: Buffer, index: Box, top: readonly Box[]): RewrapPlan | null {
  const data = top.filter(({ type }) => type === 'mdat').toSorted((one, other) => one.start - other.start);
  const traks = boxesIn(moov, index.body, index.end).filter(({ type }) => type === 'trak');
  const kept = (['video', 'audio'] as const).flatMap((kind) => {
    const trak = traks.find((one) => handlerOf(moov, one) === handlers[kind]);
    return trak === undefined ? [] : [{ kind, trak }];
  });
  const movie = child(moov, index, 'mvhd');
  if (movie === null || kept[0]?.kind !== 'video' || child(moov, index, 'mvex') !== null) return null;
  if (data.some(({ body, end }) => end - body > dataBytesMax)) return null;

  const build = (move: (offset: number) => number | null): Buffer | null => {
    const tracks = kept.map(({ kind, trak }) => trackOf(moov, trak, kind, move));
    const whole = tracks.filter((track) => track !== null);
    return whole.length < tracks.length
      ? null
      : Buffer.concat([ftyp, makeBox('moov', movieHeader(moov, movie), ...whole)]);
  };
  // Its length does not depend on where the data are going to be.
  const length = build((offset) => (dataAt(data, offset) === null ? null : offset))?.length;
  if (length === undefined) return null;
  const move = mover(data, length);
  const head = build(move);
  if (head === null) return null;
  const streams = new Set<string>(Object.values(handlers));
  const leftOut = traks.filter((trak) => !streams.has(handlerOf(moov, trak)));
  const blanks = leftOut
    .flatMap((trak) => sampleRanges(moov, trak, data))
    .flatMap((range) => {
      const offset = move(range.offset);
      return offset === null ? [] : [{ ...range, offset }];
    });
  return { head, data, blanks };
}

const handlers = { video: 'vide', audio: 'soun' } as const;

function handlerOf(moov: Buffer, trak: Box): string {
  const handler = child(moov, trak, 'mdia', 'hdlr');
  return handler === null ? '' : moov.toString('latin1', handler.body + 8, handler.body + 12);
}

const ftyp = makeBox('ftyp', Buffer.from('isom', 'latin1'), makeUint32(0x200), Buffer.from('isomiso2mp41', 'latin1'));

/** From a place in the old file to the same sample's in the new one; null of what is in none of the data. */
function mover(data: readonly Box[], headBytes: number): (offset: number) => number | null {
  const shifts: number[] = [];
  let at = headBytes;
  for (const { body, end } of data) {
    shifts.push(at + dataHeadBytes - body);
    at += dataHeadBytes + end - body;
  }
  return (offset) => {
    const found = dataAt(data, offset);
    return found === null ? null : offset + (shifts[found] ?? 0);
  };
}

/** Which of the data, sorted by place, an offset lies in. */
function dataAt(data: readonly Box[], offset: number): number | null {
  let [low, high] = [0, data.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const box = data[middle];
    if (box === undefined) return null;
    if (offset < box.body) high = middle - 1;
    else if (offset >= box.end) low = middle + 1;
    else return middle;
  }
  return null;
}

/** Without dates; where QuickTime keeps what was last selected, MP4 has zeros. */
function movieHeader(moov: Buffer, header: Box): Buffer {
  const copy = withoutDates(moov, header);
  const times = isLong(moov, header) ? 32 : 20;
  copy.fill(0, 8 + times + 52, Math.max(8 + times + 52, Math.min(copy.length, 8 + times + 76)));
  return copy;
}

function withoutDates(moov: Buffer, header: Box): Buffer {
  const copy = Buffer.from(moov.subarray(header.start, header.end));
  const body = header.body - header.start;
  copy.fill(0, body + 4, Math.min(copy.length, body + (isLong(moov, header) ? 20 : 12)));
  return copy;
}

function isLong(moov: Buffer, header: Box): boolean {
  return uintIn(moov, header, 0, 1) === 1;
}

const edits: ReadonlySet<string> = new Set(['edts']);

function trackOf(
  moov: Buffer,
  trak: Box,
  kind: keyof typeof handlers,
  move: (offset: number) => number | null,
): Buffer | null {
  const header = child(moov, trak, 'tkhd');
  const media = child(moov, trak, 'mdia');
  const mediaHeader = child(moov, trak, 'mdia', 'mdhd');
  const samples = child(moov, trak, 'mdia', 'minf', 'stbl');
  if (header === null || media === null || mediaHeader === null || samples === null) return null;
  const table = sampleTable(moov, samples, kind, move);
  if (table === null) return null;
  const information = child(moov, media, 'minf', kind === 'video' ? 'vmhd' : 'smhd');
  return makeBox(
    'trak',
    enabled(withoutDates(moov, header)),
    ...copyBoxes(moov, trak, edits),
    makeBox(
      'mdia',
      mediaHeaderOf(moov, mediaHeader),
      makeBox('hdlr', makeUint32(0, 0), Buffer.from(handlers[kind], 'latin1'), Buffer.alloc(12), names[kind]),
      makeBox(
        'minf',
        information === null ? emptyInformation[kind] : moov.subarray(information.start, information.end),
        makeBox('dinf', makeBox('dref', makeUint32(0, 1), makeBox('url ', makeUint32(1)))),
        table,
      ),
    ),
  );
}

const names = { video: Buffer.from('VideoHandler\0', 'latin1'), audio: Buffer.from('SoundHandler\0', 'latin1') };
const emptyInformation = {
  video: makeBox('vmhd', makeUint32(1), Buffer.alloc(8)),
  audio: makeBox('smhd', makeUint32(0), Buffer.alloc(4)),
};

/** In use, in the film and in its preview. */
function enabled(header: Buffer): Buffer {
  header.writeUIntBE(header.readUIntBE(9, 3) | 1, 9, 3);
  return header;
}

const undetermined = 0x55c4;
const macintoshLanguages = 0x400;

/** Languages have numbers of the Macintosh in QuickTime, and three letters in MP4. */
function mediaHeaderOf(moov: Buffer, header: Box): Buffer {
  const copy = withoutDates(moov, header);
  const at = 8 + (isLong(moov, header) ? 32 : 20);
  if (at + 2 <= copy.length && copy.readUInt16BE(at) < macintoshLanguages) copy.writeUInt16BE(undetermined, at);
  return copy;
}

/** The same in both. */
const tables: ReadonlySet<string> = new Set(['stts', 'cslg', 'stss', 'sdtp', 'stsc', 'stsz', 'stz2', 'sgpd', 'sbgp']);

function sampleTable(
  moov: Buffer,
  samples: Box,
  kind: keyof typeof handlers,
  move: (offset: number) => number | null,
): Buffer | null {
  const boxes = boxesIn(moov, samples.body, samples.end);
  const has = (...types: readonly string[]) => boxes.some(({ type }) => types.includes(type));
  const offsets = boxes.find(({ type }) => type === 'stco' || type === 'co64');
  if (!has('stts') || !has('stsc') || !has('stsz', 'stz2') || offsets === undefined) return null;
  const entries = rewrapEntries(moov, samples, kind);
  const moved = movedOffsets(moov, offsets, move);
  if (entries === null || moved === null) return null;
  const shifts = boxes.find(({ type }) => type === 'ctts');
  return makeBox(
    'stbl',
    entries,
    ...copyBoxes(moov, samples, tables),
    ...(shifts === undefined ? [] : [signedShifts(moov, shifts)]),
    moved,
  );
}

function movedOffsets(moov: Buffer, box: Box, move: (offset: number) => number | null): Buffer | null {
  const bytes = box.type === 'co64' ? 8 : 4;
  const count = uintIn(moov, box, 4, 4);
  if (box.body + 8 + count * bytes > box.end) return null;
  const table = Buffer.alloc(8 + count * bytes);
  table.writeUInt32BE(count, 4);
  for (let index = 0; index < count; index += 1) {
    const at = 8 + index * bytes;
    const moved = move(uintIn(moov, box, at, bytes));
    if (moved === null || (bytes === 4 && moved > 0xffff_ffff)) return null;
    if (bytes === 8) table.writeBigUInt64BE(BigInt(moved), at);
    else table.writeUInt32BE(moved, at);
  }
  return makeBox(box.type, table);
}

/** Times of display are signed in QuickTime whatever the version says, in MP4 from version 1 on. */
function signedShifts(moov: Buffer, box: Box): Buffer {
  const copy = Buffer.from(moov.subarray(box.start, box.end));
  const body = box.body - box.start;
  for (let at = body + 12; at + 4 <= copy.length; at += 8) {
    if ((copy[at] ?? 0) < 0x80) continue;
    copy.writeUInt8(1, body);
    break;
  }
  return copy;
}
