import type { ByteSource } from './byte-source.ts';
import { encryptedVideo } from './encrypted-video.ts';
import { type Packet, packetsIn } from './mpeg-packets.ts';
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
  const isBare = head[3] === 0xb3;
  const packets = isBare ? [] : packetsIn(head);
  if (packets.some(({ isScrambled }) => isScrambled)) throw encryptedVideo();
  const at = head.indexOf(sequenceHeader);
  const frameRate = frameRates[(head[at + 7] ?? 0) & 0x0f] ?? 0;
  if (at === -1 || at + 12 > head.length || frameRate === 0) {
    throw new MediaRefusedError('malformed', 'The file has no MPEG video at its beginning.');
  }
  const packed = head.readUIntBE(at + 4, 3);
  return {
    width: packed >> 12,
    height: packed & 0xfff,
    rotation: 0,
    durationMs: isBare ? (countPictures(source) * 1000) / frameRate : timedMs(source, packets, frameRate),
    framesPerSecond: frameRate,
    codec: hasSequenceExtension(head, at + 12) ? 'mpeg2' : 'mpeg1',
    chroma: null,
    pixelAspect: null,
    audioCodec: soundCodec(head, packets),
    audioProfile: null,
    audioChannels: null,
    alpha: false,
    rewrappable: false,
    indexFirst: null,
    metadataRanges: [],
  };
}

/** MPEG-2 writes an extension right behind the header, or behind its tables. */
function hasSequenceExtension(head: Buffer, offset: number): boolean {
  const next = head.subarray(offset, offset + 140).indexOf(startCode);
  return next !== -1 && head[offset + next + 3] === 0xb5;
}

/** The first sound in it: MPEG's own, or what a DVD keeps in private streams, told by their first byte. */
function soundCodec(head: Buffer, packets: readonly Packet[]): string | null {
  for (const { code, body, end } of packets) {
    if (code >= 0xc0 && code <= 0xdf) return layerOf(head.subarray(body, end));
    if (code !== 0xbd) continue;
    const codec = privateCodec(head[body] ?? 0);
    if (codec !== null) return codec;
  }
  return null;
}

/** ISO/IEC 11172-3, 2.4.2.3: a sync word, then which layer. */
function layerOf(data: Buffer): string {
  for (let at = data.indexOf(0xff); at !== -1; at = data.indexOf(0xff, at + 1)) {
    const next = data[at + 1] ?? 0;
    const layer = (next >> 1) & 3;
    if ((next & 0xe0) === 0xe0 && layer !== 0) return layer === 1 ? 'mp3' : 'mp2';
  }
  return 'mp2';
}

function privateCodec(stream: number): string | null {
  if (stream >= 0x80 && stream <= 0x87) return 'ac3';
  if (stream >= 0x88 && stream <= 0x8f) return 'dts';
  if (stream >= 0xa0 && stream <= 0xaf) return 'pcm';
  return stream >= 0xc0 && stream <= 0xcf ? 'eac3' : null;
}

/** From the first to the last presentation time of a video packet, and the last picture's own length. */
function timedMs(source: ByteSource, packets: readonly Packet[], frameRate: number): number {
  const tailOffset = Math.max(0, source.bytes - headBytes);
  const first = videoTimes(packets);
  const last = videoTimes(packetsIn(Buffer.from(source.read(tailOffset, headBytes))));
  if (first.length === 0 || last.length === 0) return 0;
  const least = first.reduce((one, other) => Math.min(one, other));
  const most = last.reduce((one, other) => Math.max(one, other));
  return (most - least) / 90 + 1000 / frameRate;
}

/** Presentation times of the video packets, in ticks of 90 kHz. */
function videoTimes(packets: readonly Packet[]): number[] {
  return packets.filter(({ code }) => code >= 0xe0 && code <= 0xef).flatMap(({ ticks }) => ticks ?? []);
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
