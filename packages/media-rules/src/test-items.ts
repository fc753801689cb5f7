import { checkMedia, type CheckedMedia } from './check-media.ts';
import type { MediaRules } from './media-rules.ts';

export const rules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 100,
  image: {
    mimeTypes: ['image/jpeg'],
    bytesMax: 1_000_000,
    widthMin: 320,
    widthMax: 1440,
    ratioMin: 0.8,
    ratioMax: 1.91,
  },
  animation: { mimeTypes: ['image/gif'], bytesMax: 5_000_000, framesMax: 100, alone: true },
  video: {
    mimeTypes: ['video/mp4'],
    bytesMin: 75_000,
    bytesMax: 50_000_000,
    durationMsMin: 3_000,
    durationMsMax: 60_000,
    framesPerSecondMin: 23,
    framesPerSecondMax: 60,
    codecs: ['h264', 'hevc'],
    audioCodecs: ['aac'],
    indexFirst: true,
    pixelsMax: 1920 * 1080,
  },
};

export const image: CheckedMedia = {
  kind: 'image',
  mimeType: 'image/jpeg',
  bytes: 500_000,
  width: 1080,
  height: 1080,
  orientation: 1,
  animated: false,
  frames: 1,
  alpha: false,
  durationMs: null,
  framesPerSecond: null,
  codec: null,
  audioCodec: null,
  indexFirst: null,
  hasMetadata: false,
  alt: null,
};
export const gif: CheckedMedia = {
  ...image,
  mimeType: 'image/gif',
  animated: true,
  frames: 50,
  durationMs: 5_000,
  framesPerSecond: 10,
};
export const video: CheckedMedia = {
  ...image,
  kind: 'video',
  mimeType: 'video/mp4',
  frames: 0,
  durationMs: 10_000,
  framesPerSecond: 30,
  codec: 'h264',
  audioCodec: 'aac',
  indexFirst: true,
};

export function findings(media: CheckedMedia[], changed: Partial<MediaRules> = {}) {
  return checkMedia('Example', { ...rules, ...changed }, media).map(
    ({ severity, code, field }) => `${severity} ${code} ${field}`,
  );
}
