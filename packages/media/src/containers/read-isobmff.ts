import type { BlankRange } from './blank-range.ts';
import type { ByteSource } from './byte-source.ts';
import { type Box, boxAt, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { readFragments } from './isobmff-fragments.ts';
import { isTimedMetadata, sampleRanges } from './isobmff-timed-metadata.ts';
import { readTrack, type Track } from './isobmff-track.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { VideoReading } from '../inspect/video-facts.ts';

const indexBytesMax = 16 * 1024 * 1024;
const topBoxesMax = 20_000;
const tracksMax = 64;

/** Reads the index of an MP4 or QuickTime file (ISO/IEC 14496-12). @throws MediaRefusedError */
export function readIsobmff(source: ByteSource): VideoReading {
  const top = topBoxes(source);
  const index = top.find(({ type }) => type === 'moov');
  if (index === undefined) throw new MediaRefusedError('malformed', 'The video has no index; it may be cut off.');
  if (index.end - index.start > indexBytesMax)
    throw new MediaRefusedError('too_costly', 'The index of the video is too large.');
  const data = top.find(({ type }) => type === 'mdat');
  if (data === undefined) throw new MediaRefusedError('malformed', 'The video has no data.');
  const moov = Buffer.from(source.read(index.start, index.end - index.start));
  if (moov.length < index.end - index.start) throw new MediaRefusedError('malformed', 'The video is cut off.');
  const inner: Box = { type: 'moov', start: 0, body: index.body - index.start, end: moov.length };
  const tracks = tracksOf(moov, inner);
  const video = tracks.find(({ kind }) => kind === 'video');
  if (video === undefined) throw new MediaRefusedError('unsupported', 'The file has no video track.');
  const moofs = top.filter(({ type }) => type === 'moof');
  const times = moofs.length > 0 ? readFragments(source, { moov, index: inner, moofs, track: video }) : video;
  const seconds = video.timescale > 0 ? times.ticks / video.timescale : 0;
  return {
    width: video.width,
    height: video.height,
    rotation: video.rotation,
    durationMs: Math.max(seconds, moofs.length > 0 ? 0 : movieSeconds(moov, inner)) * 1000,
    framesPerSecond: seconds > 0 && times.samples > 1 ? times.samples / seconds : null,
    codec: video.codec,
    audioCodec: tracks.find(({ kind }) => kind === 'audio')?.codec ?? null,
    alpha: false,
    indexFirst: index.start < data.start,
    metadataRanges: metadataRanges(source, moov, inner, index.start, top),
  };
}

function topBoxes(source: ByteSource): Box[] {
  const boxes: Box[] = [];
  for (let start = 0; start + 8 <= source.bytes;) {
    const box = boxAt(source.read(start, 16), start, source.bytes);
    boxes.push(box);
    if (boxes.length > topBoxesMax)
      throw new MediaRefusedError('too_costly', 'The video has too many parts to be read.');
    start = box.end;
  }
  return boxes;
}

function tracksOf(moov: Buffer, index: Box): Track[] {
  const boxes = boxesIn(moov, index.body, index.end).filter(({ type }) => type === 'trak');
  if (boxes.length > tracksMax) throw new MediaRefusedError('too_costly', 'The video has too many tracks.');
  return boxes.map((trak) => readTrack(moov, trak));
}

function movieSeconds(moov: Buffer, index: Box): number {
  const header = child(moov, index, 'mvhd');
  if (header === null) throw new MediaRefusedError('malformed', 'The video is broken: its mvhd part is missing.');
  const isLong = uintIn(moov, header, 0, 1) === 1;
  const timescale = uintIn(moov, header, isLong ? 20 : 12, 4);
  const ticks = uintIn(moov, header, isLong ? 24 : 16, isLong ? 8 : 4);
  return timescale === 0 ? 0 : ticks / timescale;
}

/** User data and `meta` boxes hold place, camera and software: in the index, in its tracks, and beside it. Timed metadata go as whole tracks. */
function metadataRanges(
  source: ByteSource,
  moov: Buffer,
  index: Box,
  indexStart: number,
  top: readonly Box[],
): BlankRange[] {
  const inIndex = boxesIn(moov, index.body, index.end);
  const tracks = inIndex.filter(({ type }) => type === 'trak');
  // Fragments name their tracks: one that is gone would make players stop.
  const isFragmented = top.some(({ type }) => type === 'moof');
  const timed = isFragmented ? [] : tracks.filter((trak) => isTimedMetadata(moov, trak));
  const inTracks = tracks.filter((trak) => !timed.includes(trak)).flatMap((trak) => boxesIn(moov, trak.body, trak.end));
  const data = top.filter(({ type }) => type === 'mdat');
  const boxes = [...inIndex, ...inTracks].map((box) => moved(box, indexStart)).concat(top);
  return [
    ...boxes.filter((box) => isMetadata(source, box)).map(freed),
    ...timed.flatMap((trak) => [...sampleRanges(moov, trak, data), freed(moved(trak, indexStart))]),
  ];
}

function freed({ start, end }: Box): BlankRange {
  return { offset: start, bytes: end - start, becomes: 'free box' };
}

function moved({ type, start, body, end }: Box, by: number): Box {
  return { type, start: start + by, body: body + by, end: end + by };
}

function isMetadata(source: ByteSource, { type, body, end }: Box): boolean {
  if (end === body) return false;
  if (type === 'uuid') return source.read(body, 16).toString('hex') === xmpId;
  return type === 'udta' || type === 'meta';
}

const xmpId = 'be7acfcb97a942e89c71999491e3afac';
