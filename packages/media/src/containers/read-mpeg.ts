import type { ByteSource } from './byte-source.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { VideoReading } from '../inspect/video-facts.ts';

const headBytes = 2 * 1024 * 1024;
const stepBytes = 4 * 1024 * 1024;
const sequenceHeader = Buffer.from([0, 0, 1, 0xb3]);
const pictureHeader = Buffer.from([0, 0, 1, 0]);
const startCode = Buffer.from([0, 0, 1]);
const frameRates = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/** Reads an MPEG-1 or MPEG-2 program stream or bare video stream (ISO/IEC 13818). @throws MediaRefusedError */
export function readMpeg(source: ByteSource): VideoReading {
  const head = Buffer.from(source.read(0, headBytes));
  const at = head.indexOf(sequenceHeader);
  const frameRate = frameRates[(head[at + 7] ?? 0) & 0x0f] ?? 0;
  if (at === -1 || at + 12 > head.length || frameRate === 0) {
    throw new MediaRefusedError('malformed', 'The file has no MPEG video at its beginning.');
  }
  const packed = head.readUIntBE(at + 4, 3);
  const isBare = head[3] === 0xb3;
  return {
    width: packed >> 12,
    height: packed & 0xfff,
    rotation: 0,
    durationMs: isBare ? (countPictures(source) * 1000) / frameRate : timedMs(source, head, frameRate),
    framesPerSecond: frameRate,
    codec: hasSequenceExtension(head, at + 12) ? 'mpeg2' : 'mpeg1',
    audioCodec: !isBare && hasStream(head, 0xc0, 0xdf) ? 'mp2' : null,
    alpha: false,
    indexFirst: null,
    metadataRanges: [],
  };
}

/** MPEG-2 writes an extension right behind the header, or behind its tables. */
function hasSequenceExtension(head: Buffer, offset: number): boolean {
  const next = head.subarray(offset, offset + 140).indexOf(startCode);
  return next !== -1 && head[offset + next + 3] === 0xb5;
}

function hasStream(head: Buffer, from: number, to: number): boolean {
  return startCodes(head).some(({ code }) => code >= from && code <= to);
}

/** From the first to the last presentation time of a video packet, and the last picture's own length. */
function timedMs(source: ByteSource, head: Buffer, frameRate: number): number {
  const tailOffset = Math.max(0, source.bytes - headBytes);
  const first = videoTimes(head);
  const last = videoTimes(Buffer.from(source.read(tailOffset, headBytes)));
  if (first.length === 0 || last.length === 0) return 0;
  return (Math.max(...last) - Math.min(...first)) / 90 + 1000 / frameRate;
}

/** Presentation times of the video packets, in ticks of 90 kHz. */
function videoTimes(data: Buffer): number[] {
  return startCodes(data)
    .filter(({ code }) => code >= 0xe0 && code <= 0xef)
    .flatMap(({ offset }) => timeAt(data, offset) ?? []);
}

function timeAt(data: Buffer, packet: number): number | null {
  let at = packet + 6;
  if (((data[at] ?? 0) & 0xc0) === 0x80) {
    // MPEG-2: two bytes of flags and the header's length stand before it.
    if (((data[at + 1] ?? 0) & 0x80) === 0) return null;
    at += 3;
  } else {
    while (data[at] === 0xff && at < packet + 22) at += 1;
    if (((data[at] ?? 0) & 0xc0) === 0x40) at += 2;
    if (((data[at] ?? 0) & 0xe0) !== 0x20) return null;
  }
  if (at + 5 > data.length) return null;
  const high = ((data[at] ?? 0) >> 1) & 0x07;
  return high * 2 ** 30 + (data.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (data.readUInt16BE(at + 3) >> 1);
}

function startCodes(data: Buffer): { code: number; offset: number }[] {
  const found: { code: number; offset: number }[] = [];
  for (let at = data.indexOf(startCode); at !== -1; at = data.indexOf(startCode, at + 3)) {
    const code = data[at + 3];
    // Slices, which are most of them, say nothing here.
    if (code !== undefined && code >= 0xb0) found.push({ code, offset: at });
  }
  return found;
}

function countPictures(source: ByteSource): number {
  let pictures = 0;
  for (let offset = 0; offset < source.bytes; offset += stepBytes) {
    // Three bytes more, so that a code on the seam is seen, and seen once.
    const data = source.read(offset, stepBytes + 3);
    for (let at = data.indexOf(pictureHeader); at !== -1; at = data.indexOf(pictureHeader, at + 4)) pictures += 1;
  }
  return pictures;
}
