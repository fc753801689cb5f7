import { MediaRefusedError } from '../media-refused-error.ts';

export interface JpegSegment {
  /** The second byte of the marker: 0xe1 is APP1. */
  readonly marker: number;
  /** From the marker's first byte to behind its payload, and for a scan behind its coded data. */
  readonly start: number;
  readonly end: number;
}

export interface JpegLayout {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly segments: readonly JpegSegment[];
  /** Bytes stand between the segments that belong to none. */
  readonly hasGaps: boolean;
  /** Behind the end marker: what follows is not part of the picture. */
  readonly endOffset: number;
  /** The file ends with its last scan. */
  readonly isEndMissing: boolean;
  /** The data cannot hold the picture that the header tells of, however well it was compressed. */
  readonly isTooShort: boolean;
}

const segmentsMax = 5_000;
/** A picture is drawn in ten scans or so; each costs as much as the whole picture. */
const scansMax = 100;
const markers = { startOfImage: 0xd8, endOfImage: 0xd9, startOfScan: 0xda } as const;

type Frame = Pick<JpegLayout, 'width' | 'height' | 'components'> & { readonly isArithmetic: boolean };

/** The segments of a JPEG file, without decoding any. @throws MediaRefusedError */
export function walkJpeg(whole: Buffer): JpegLayout {
  const file = withoutPadding(whole);
  const segments: JpegSegment[] = [];
  let frame: Frame | null = null;
  let hasGaps = false;
  let scans = 0;
  let offset = 2;
  for (;;) {
    const isEndMissing = scans > 0 && endOfFill(file, offset) === file.length;
    const marker = isEndMissing ? { code: markers.endOfImage, start: offset, end: offset } : markerAt(file, offset);
    hasGaps ||= marker.start > offset;
    if (marker.code === markers.endOfImage) {
      if (frame === null || scans === 0) throw malformed();
      const { isArithmetic, ...facts } = frame;
      const isTooShort = !isArithmetic && !canHold(frame, segments);
      return { ...facts, segments, hasGaps, endOffset: marker.end, isEndMissing, isTooShort };
    }
    if (standsAlone(marker.code)) {
      hasGaps = true;
      offset = marker.end;
      continue;
    }
    const end = marker.end + lengthAt(file, marker.end);
    if (isFrameHeader(marker.code)) frame ??= frameAt(file, marker.end, marker.code);
    const isScan = marker.code === markers.startOfScan;
    const segment = { marker: marker.code, start: marker.start, end: isScan ? endOfScan(file, end) : end };
    segments.push(segment);
    if (isScan) scans += 1;
    if (segments.length > segmentsMax || scans > scansMax) {
      throw new MediaRefusedError('too_costly', 'The picture has too many parts to be read.');
    }
    offset = segment.end;
  }
}

const paddingBytesMin = 4;

/** Where the mark of the end is missing, the room that a camera has left behind its picture would be read as a part of it. */
function withoutPadding(file: Buffer): Buffer {
  let end = file.length;
  while (end > 0 && file[end - 1] === 0) end -= 1;
  return file.length - end < paddingBytesMin ? file : file.subarray(0, end);
}

/** The next marker; like every decoder, past bytes that are none. */
function markerAt(file: Buffer, offset: number): { code: number; start: number; end: number } {
  let start = file.indexOf(0xff, offset);
  for (;;) {
    // Any number of 0xff may stand before a marker's code.
    const end = endOfFill(file, Math.max(start, 0));
    const code = file[end];
    if (start === -1 || code === undefined || code === markers.startOfImage) throw malformed();
    if (code !== 0) return { code, start, end: end + 1 };
    start = file.indexOf(0xff, end);
  }
}

/** Restarts out of their place, and a mark of old that means nothing. */
function standsAlone(code: number): boolean {
  return code === 0x01 || (code >= 0xd0 && code <= 0xd7);
}

/** Every block of 8 x 8 pixels takes a bit at least, but in arithmetic coding. */
function canHold({ width, height }: Frame, segments: readonly JpegSegment[]): boolean {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const scans = segments.filter(({ marker }) => marker === markers.startOfScan);
  return scans.reduce((sum, { start, end }) => sum + end - start, 0) * 8 >= blocks;
}

function lengthAt(file: Buffer, offset: number): number {
  if (offset + 2 > file.length) throw malformed();
  const length = file.readUInt16BE(offset);
  if (length < 2 || offset + length > file.length) throw malformed();
  return length;
}

function isFrameHeader(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
}

function frameAt(file: Buffer, offset: number, code: number): Frame {
  if (offset + 8 > file.length) throw malformed();
  return {
    height: file.readUInt16BE(offset + 3),
    width: file.readUInt16BE(offset + 5),
    components: file.readUInt8(offset + 7),
    isArithmetic: code > 0xc8,
  };
}

/** Where a run of 0xff, which may be empty, is over. */
function endOfFill(file: Buffer, offset: number): number {
  let at = offset;
  while (file[at] === 0xff) at += 1;
  return at;
}

/** Coded data ends at the first marker that is neither an escaped 0xff nor a restart, or with the file. */
function endOfScan(file: Buffer, offset: number): number {
  let at = offset;
  for (;;) {
    at = file.indexOf(0xff, at);
    if (at === -1) return file.length;
    const codeAt = endOfFill(file, at);
    const code = file[codeAt];
    if (code === undefined || (code !== 0 && (code < 0xd0 || code > 0xd7))) return at;
    at = codeAt + 1;
  }
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The JPEG file is broken or cut off.');
}
