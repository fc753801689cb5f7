import type { BlankRange } from './blank-range.ts';
import type { ByteSource } from './byte-source.ts';
import { type Element, elementAt, elementsIn, floatOf, uintOf } from './ebml-elements.ts';
import { encryptedVideo } from './encrypted-video.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import type { VideoReading } from '../inspect/video-facts.ts';

const ids = {
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  codecId: 0x86,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  alphaMode: 0x53c0,
  audio: 0xe1,
  channels: 0x9f,
  contentEncodings: 0x6d80,
  contentEncoding: 0x6240,
  contentEncryption: 0x5035,
  title: 0x7ba9,
  date: 0x4461,
  segmentFileName: 0x7384,
  checksum: 0xbf,
  tags: 0x1254c367,
  attachments: 0x1941a469,
  cluster: 0x1f43b675,
  clusterTimestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
} as const;

const elementsMax = 500_000;
const textBytesMax = 64;

interface WebmTrack {
  number: number;
  type: number;
  codec: string;
  width: number;
  height: number;
  alpha: boolean;
  channels: number | null;
  frameNanoseconds: number | null;
}

/** Reads the header of a WebM file, and its blocks' times where the header does not tell its length. @throws MediaRefusedError */
export function readWebm(source: ByteSource): VideoReading {
  const header = elementAt(source, 0, source.bytes);
  const segment = elementAt(source, header.end, source.bytes);
  if (segment.id !== ids.segment) throw new MediaRefusedError('malformed', 'The video has no segment.');
  const found = readSegment(source, segment);
  const video = found.tracks.find(({ type }) => type === 1);
  if (video === undefined) throw new MediaRefusedError('unsupported', 'The file has no video track.');
  const audio = found.tracks.find(({ type }) => type === 2);
  const blocks = found.blocks.get(video.number);
  const durationMs = ((found.duration ?? found.lastTicks) * found.timestampScale) / 1_000_000;
  const counted = blocks === undefined || durationMs === 0 ? null : (blocks * 1000) / durationMs;
  return {
    width: video.width,
    height: video.height,
    rotation: 0,
    durationMs,
    framesPerSecond: video.frameNanoseconds === null ? counted : 1_000_000_000 / video.frameNanoseconds,
    codec: video.codec,
    audioCodec: audio?.codec ?? null,
    chroma: null,
    pixelAspect: null,
    audioProfile: null,
    audioChannels: audio?.channels ?? null,
    alpha: video.alpha,
    rewrappable: false,
    indexFirst: null,
    metadataRanges: found.metadata,
  };
}

interface Segment {
  timestampScale: number;
  duration: number | null;
  tracks: WebmTrack[];
  /** By track number. */
  blocks: Map<number, number>;
  lastTicks: number;
  metadata: BlankRange[];
}

/** Tags hold the place, attached files may hold a picture with its own. */
const aside: ReadonlySet<number> = new Set([ids.tags, ids.attachments]);

/** Clusters of unknown length, as live recorders write them, are walked as if their content stood in the segment. */
function readSegment(source: ByteSource, segment: Element): Segment {
  const found: Segment = {
    timestampScale: 1_000_000,
    duration: null,
    tracks: [],
    blocks: new Map(),
    lastTicks: 0,
    metadata: [],
  };
  let clusterTicks = 0;
  let start = segment.body;
  for (let count = 0; start < segment.end; count += 1) {
    if (count > elementsMax) throw new MediaRefusedError('too_costly', 'The video has too many parts to be read.');
    const element = elementAt(source, start, segment.end);
    start = element.end;
    if (element.id === ids.info) readInfo(source, element, found);
    else if (element.id === ids.tracks) found.tracks.push(...readTracks(source, element));
    else if (aside.has(element.id) && !element.isOpen) found.metadata.push(voided(element));
    else if (element.id === ids.cluster) start = isToldAlready(found) && !element.isOpen ? element.end : element.body;
    else if (element.id === ids.blockGroup) start = element.body;
    else if (element.id === ids.clusterTimestamp) clusterTicks = uintOf(source, element);
    else if (element.id === ids.simpleBlock || element.id === ids.block)
      countBlock(source, element, clusterTicks, found);
  }
  return found;
}

/** Nothing in the clusters is of interest then. */
function isToldAlready({ duration, tracks }: Segment): boolean {
  return duration !== null && tracks.every(({ type, frameNanoseconds }) => type !== 1 || frameNanoseconds !== null);
}

/** A block begins with its track's number and its time, relative to the cluster's. */
function countBlock(source: ByteSource, block: Element, clusterTicks: number, found: Segment): void {
  const head = source.read(block.body, 4);
  if (head.length < 4) return;
  const track = (head[0] ?? 0) & 0x7f;
  found.blocks.set(track, (found.blocks.get(track) ?? 0) + 1);
  found.lastTicks = Math.max(found.lastTicks, clusterTicks + head.readInt16BE(1));
}

/** Of Info; names of the programs have to be there and say little. */
const personal: ReadonlySet<number> = new Set([ids.title, ids.date, ids.segmentFileName]);

function readInfo(source: ByteSource, info: Element, found: Segment): void {
  const elements = [...elementsIn(source, info)];
  const told = elements.filter(({ id }) => personal.has(id));
  // The checksum of what is changed would be wrong.
  const checksums = told.length === 0 ? [] : elements.filter(({ id }) => id === ids.checksum);
  found.metadata.push(...[...told, ...checksums].map(voided));
  for (const element of elements) {
    if (element.id === ids.timestampScale) found.timestampScale = uintOf(source, element);
    if (element.id === ids.duration) found.duration = floatOf(source, element);
  }
}

function voided({ start, end }: Element): BlankRange {
  return { offset: start, bytes: end - start, becomes: 'void element' };
}

function readTracks(source: ByteSource, tracks: Element): WebmTrack[] {
  return [...elementsIn(source, tracks)]
    .filter(({ id }) => id === ids.trackEntry)
    .map((entry) => readTrackEntry(source, entry));
}

function readTrackEntry(source: ByteSource, entry: Element): WebmTrack {
  const track: WebmTrack = {
    number: 0,
    type: 0,
    codec: '',
    width: 0,
    height: 0,
    alpha: false,
    channels: null,
    frameNanoseconds: null,
  };
  for (const element of elementsIn(source, entry)) {
    if (element.id === ids.trackNumber) track.number = uintOf(source, element);
    if (element.id === ids.trackType) track.type = uintOf(source, element);
    if (element.id === ids.defaultDuration) track.frameNanoseconds = uintOf(source, element) || null;
    if (element.id === ids.codecId) track.codec = codecName(source, element);
    if (element.id === ids.video) readPicture(source, element, track);
    if (element.id === ids.audio) readSound(source, element, track);
    if (element.id === ids.contentEncodings && isEncrypted(source, element)) throw encryptedVideo();
  }
  return track;
}

function isEncrypted(source: ByteSource, encodings: Element): boolean {
  return [...elementsIn(source, encodings)]
    .filter(({ id }) => id === ids.contentEncoding)
    .some((encoding) => [...elementsIn(source, encoding)].some(({ id }) => id === ids.contentEncryption));
}

function readSound(source: ByteSource, audio: Element, track: WebmTrack): void {
  for (const element of elementsIn(source, audio))
    if (element.id === ids.channels) track.channels = uintOf(source, element) || null;
}

function readPicture(source: ByteSource, video: Element, track: WebmTrack): void {
  for (const element of elementsIn(source, video)) {
    if (element.id === ids.pixelWidth) track.width = uintOf(source, element);
    if (element.id === ids.pixelHeight) track.height = uintOf(source, element);
    if (element.id === ids.alphaMode) track.alpha = uintOf(source, element) !== 0;
  }
}

/** `V_VP9` and `A_OPUS` become `vp9` and `opus`. */
function codecName(source: ByteSource, { body, end }: Element): string {
  const id = source
    .read(body, Math.min(end - body, textBytesMax))
    .toString('latin1')
    .replaceAll('\0', '');
  const name = id
    .replace(/^[VA]_/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9/_-]/g, '');
  return codecNames.find(([pattern]) => pattern.test(name))?.[1] ?? name;
}

/** Those that have another name than everywhere else. https://www.matroska.org/technical/codec_specs.html */
const codecNames: readonly (readonly [RegExp, string])[] = [
  [/^mpeg4\/iso\/avc$/, 'h264'],
  [/^mpegh\/iso\/hevc$/, 'hevc'],
  [/^mpeg4\/iso\//, 'mpeg4'],
  [/^mpeg\/l3$/, 'mp3'],
  [/^mpeg\/l[12]$/, 'mp2'],
  [/^aac/, 'aac'],
  [/^pcm\//, 'pcm'],
];
