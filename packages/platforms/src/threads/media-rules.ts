import type { MediaRules } from '@vibetribe/media-rules/media-rules';

const megabyte = 1024 * 1024;

/** One picture, one video, or two to twenty of both. https://developers.facebook.com/docs/threads/overview, read 2026-11. */
export const threadsMediaRules: MediaRules = {
  required: false,
  countMax: 20,
  imagesMax: 20,
  videosMax: 20,
  mixed: true,
  altCharactersMax: 1_000,
  image: {
    mimeTypes: ['image/jpeg', 'image/png'],
    bytesMax: 8 * megabyte,
    widthMin: 320,
    widthMax: 1_440,
    ratioMin: 0.1,
    ratioMax: 10,
  },
  animation: null,
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime'],
    bytesMax: 1_024 * megabyte,
    widthMax: 1_920,
    ratioMin: 0.01,
    ratioMax: 10,
    durationMsMax: 300_000,
    framesPerSecondMin: 23,
    framesPerSecondMax: 60,
    codecs: ['h264', 'hevc'],
    audioCodecs: ['aac'],
    indexFirst: true,
  },
};
