import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import type { BlankRange } from '../containers/blank-range.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

/** What a reader found out about a video. Sizes as coded, before it is turned. */
export interface VideoReading {
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise: 0, 90, 180 or 270. */
  readonly rotation: number;
  readonly durationMs: number;
  readonly framesPerSecond: number | null;
  readonly codec: string;
  readonly audioCodec: string | null;
  /** `4:2:0` and so on; null where the file does not say. */
  readonly chroma: string | null;
  /** Width of a pixel divided by its height; null where the file does not say. */
  readonly pixelAspect: number | null;
  readonly audioProfile: string | null;
  readonly audioChannels: number | null;
  readonly alpha: boolean;
  /** Of MP4 and QuickTime: an MP4 file with its index first can be made of it, the streams untouched. */
  readonly rewrappable: boolean;
  readonly indexFirst: boolean | null;
  /** Where the file speaks of its maker, and of where it was made. */
  readonly metadataRanges: readonly BlankRange[];
}

const edgePixelsMax = 16_384;
const durationMsMax = 24 * 60 * 60 * 1000;
const framesPerSecondMax = 1_000;

/** @throws MediaRefusedError where the figures are not those of a video */
export function videoFacts(reading: VideoReading, file: Pick<MediaFacts, 'mimeType' | 'bytes'>): MediaFacts {
  const { width, height, durationMs, framesPerSecond, rotation } = reading;
  if (!atMost(width, edgePixelsMax) || !atMost(height, edgePixelsMax)) {
    throw new MediaRefusedError('malformed', `The video says that it has ${width} x ${height} pixels.`);
  }
  if (!atMost(durationMs, durationMsMax)) {
    throw new MediaRefusedError('malformed', 'The video does not say how long it is, or says something impossible.');
  }
  const isTurned = rotation === 90 || rotation === 270;
  return {
    kind: 'video',
    ...file,
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    orientation: orientations[rotation] ?? 1,
    animated: false,
    frames: 0,
    alpha: reading.alpha,
    durationMs: Math.round(durationMs),
    framesPerSecond: framesPerSecond !== null && atMost(framesPerSecond, framesPerSecondMax) ? framesPerSecond : null,
    codec: reading.codec,
    chroma: reading.chroma,
    pixelAspect: reading.pixelAspect,
    audioCodec: reading.audioCodec,
    audioProfile: reading.audioProfile,
    audioChannels: reading.audioChannels,
    rewrappable: reading.rewrappable,
    indexFirst: reading.indexFirst,
    hasMetadata: reading.metadataRanges.length > 0,
  };
}

/** EXIF's number for a turn. */
const orientations: Readonly<Record<number, number>> = { 0: 1, 90: 6, 180: 3, 270: 8 };

function atMost(value: number, max: number): boolean {
  return value > 0 && value <= max;
}
