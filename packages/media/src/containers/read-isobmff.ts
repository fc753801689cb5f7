import type { BlankRange } from './blank-range.ts';
import type { ByteSource } from './byte-source.ts';
import { type Box, boxAt, boxesIn, child, uintIn } from './isobmff-boxes.ts';
import { dateRanges } from './isobmff-dates.ts';
import { shownSeconds } from './isobmff-edits.ts';
import { type FragmentedTimes, readFragments } from './isobmff-fragments.ts';
import { planRewrap, type RewrapPlan } from './plan-rewrap.ts';
import { isTimedMetadata, sampleRanges } from './isobmff-timed-metadata.ts';
import { readTrack, type Track } from './isobmff-track.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { VideoReading } from '../inspect/video-facts.ts';

const indexBytesMax = 16 * 1024 * 1024;
const topBoxesMax = 20_000;
const tracksMax = 64;

/** Reads the index of an MP4 or QuickTime file (ISO/IEC 14496-12). @throws MediaRefusedError */
export function readIsobmff(source: ByteSource): VideoReading {
  const { top, index, data, moov, inner } = readIndex(source);
  const tracks = tracksOf(moov, inner);
  const video = tracks.find(({ kind }) => kind === 'video');
  if (video === undefined) throw new MediaRefusedError('unsupported', 'The file has no video track.');
  const audio = tracks.find(({ kind }) => kind === 'audio');
  const moofs = top.filter(({ type }) => type === 'moof');
  const fragments = readFragments(source, { moov, index: inner, moofs });
  const movie = movieTimes(moov, inner);
  const times = timesOf(video, fragments);
  return {
    width: video.width,
    height: video.height,
    rotation: video.rotation,
    durationMs: movieSeconds(tracks, fragments, movie) * 1000,
    framesPerSecond: times.mediaSeconds > 0 && times.samples > 1 ? times.samples / times.mediaSeconds : null,
    codec: video.codec,
    chroma: video.chroma,
    pixelAspect: video.pixelAspect,
    audioCodec: audio?.codec ?? null,
    audioProfile: audio?.audioProfile ?? null,
    audioChannels: audio?.audioChannels ?? null,
    alpha: false,
    indexFirst: index.start < data.start,
    rewrappable: moofs.length === 0 && isRewrappable(moov, inner, top),
    metadataRanges: metadataRanges(source, moov, inner, index.start, top),
  };
}

/** Null where it cannot become an MP4 with its index first. @throws MediaRefusedError */
export function readRewrapPlan(source: ByteSource): RewrapPlan | null {
  const { top, moov, inner } = readIndex(source);
  return top.some(({ type }) => type === 'moof') ? null : planRewrap(moov, inner, top);
}

/** What is broken where nobody else looks makes it no worse a video. */
function isRewrappable(moov: Buffer, inner: Box, top: readonly Box[]): boolean {
  try {
    return planRewrap(moov, inner, top) !== null;
  } catch (error) {
    if (error instanceof MediaRefusedError || error instanceof RangeError) return false;
    throw error;
  }
}

function readIndex(source: ByteSource) {
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
  return { top, index, data, moov, inner };
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
  return boxes.flatMap((trak) => readTrack(moov, trak) ?? []);
}

/** Samples of the index and of the fragments together. */
function timesOf(track: Track, fragments: ReadonlyMap<number, FragmentedTimes>) {
  const { samples = 0, ticks = 0 } = fragments.get(track.id) ?? {};
  const seconds = (all: number) => (track.timescale > 0 ? all / track.timescale : 0);
  return {
    samples: track.samples + samples,
    mediaSeconds: seconds(track.ticks + ticks),
    indexSeconds: seconds(track.ticks),
  };
}

/** As long as the longest of its tracks is shown; where none of them tells, as long as the index says. */
function movieSeconds(
  tracks: readonly Track[],
  fragments: ReadonlyMap<number, FragmentedTimes>,
  movie: { readonly timescale: number; readonly seconds: number },
): number {
  const shown = tracks.map((track) =>
    shownSeconds(track.edits, { timescale: track.timescale, ...timesOf(track, fragments) }, movie.timescale),
  );
  return Math.max(...shown) || movie.seconds;
}

function movieTimes(moov: Buffer, index: Box): { timescale: number; seconds: number } {
  const header = child(moov, index, 'mvhd');
  if (header === null) throw new MediaRefusedError('malformed', 'The video is broken: its mvhd part is missing.');
  const isLong = uintIn(moov, header, 0, 1) === 1;
  const timescale = uintIn(moov, header, isLong ? 20 : 12, 4);
  const ticks = uintIn(moov, header, isLong ? 24 : 16, isLong ? 8 : 4);
  return { timescale, seconds: timescale === 0 ? 0 : ticks / timescale };
}

/**
 * User data, `meta` and makers' own boxes hold place, camera, software and time: in the index, in its tracks, and beside it. Headers
 * have dates of their own. Timed metadata go as whole tracks.
 */
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
  const kept = tracks.filter((trak) => !timed.includes(trak));
  const inTracks = kept.flatMap((trak) => boxesIn(moov, trak.body, trak.end));
  const data = top.filter(({ type }) => type === 'mdat');
  const boxes = [...inIndex, ...inTracks].map((box) => moved(box, indexStart)).concat(top);
  return [
    ...boxes.filter((box) => isMetadata(source, box)).map(freed),
    ...dateRanges(moov, index, kept).map((range) => ({ ...range, offset: range.offset + indexStart })),
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
  // What a `uuid` box holds is its maker's secret: XMP, camera, serial number, a small picture. One says how a panorama is shown.
  if (type === 'uuid') return source.read(body, 16).toString('hex') !== panoramaId;
  // `prft`: the clock on the wall when a fragment was recorded.
  return type === 'udta' || type === 'meta' || type === 'prft';
}

/** https://github.com/google/spatial-media/blob/master/docs/spherical-video-rfc.md */
const panoramaId = 'ffcc8263f8554a938814587a02521fdd';
