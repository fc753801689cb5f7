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
  readonly isProgressive: boolean;
  readonly segments: readonly JpegSegment[];
  /** Behind the end marker: what follows is not part of the picture. */
  readonly endOffset: number;
}

const segmentsMax = 5_000;
/** A picture is drawn in ten scans or so; each costs as much as the whole picture. */
const scansMax = 100;
const markers = { startOfImage: 0xd8, endOfImage: 0xd9, startOfScan: 0xda } as const;

/** The segments of a JPEG file, without decoding any. @throws MediaRefusedError */
export function walkJpeg(file: Buffer): JpegLayout {
  const segments: JpegSegment[] = [];
  let frame: Omit<JpegLayout, 'segments' | 'endOffset'> | null = null;
  let scans = 0;
  let offset = 2;
  for (;;) {
    const marker = markerAt(file, offset);
    if (marker.code === markers.endOfImage) {
      if (frame === null || scans === 0) throw malformed();
      return { ...frame, segments, endOffset: marker.end };
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

function markerAt(file: Buffer, offset: number): { code: number; start: number; end: number } {
  let end = offset;
  // Any number of 0xff may stand before a marker's code.
  while (file[end] === 0xff) end += 1;
  const code = file[end];
  if (end === offset || code === undefined || code === 0 || code === markers.startOfImage) throw malformed();
  return { code, start: offset, end: end + 1 };
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

function frameAt(file: Buffer, offset: number, code: number): Omit<JpegLayout, 'segments' | 'endOffset'> {
  if (offset + 8 > file.length) throw malformed();
  return {
    height: file.readUInt16BE(offset + 3),
    width: file.readUInt16BE(offset + 5),
    components: file.readUInt8(offset + 7),
    isProgressive: code === 0xc2 || code === 0xca,
  };
}

/** Coded data ends at the first marker that is neither an escaped 0xff nor a restart. */
function endOfScan(file: Buffer, offset: number): number {
  let at = offset;
  for (;;) {
    at = file.indexOf(0xff, at);
    const code = at === -1 ? undefined : file[at + 1];
    if (code === undefined) throw malformed();
    if (code !== 0 && code !== 0xff && (code < 0xd0 || code > 0xd7)) return at;
    at += code === 0xff ? 1 : 2;
  }
}

function malformed(): MediaRefusedError {
  return new MediaRefusedError('malformed', 'The JPEG file is broken or cut off.');
}
