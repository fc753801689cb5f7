import type { MediaRules } from '@vibetribe/media-rules/media-rules';

const megabyte = 1024 * 1024;
const minuteMs = 60_000;

/** https://docs.x.com/x-api/media/quickstart/best-practices, read 2026-11: what accounts with X Premium may, and what is asked of all others. */
export const xMediaRules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 1_000,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], bytesMax: 5 * megabyte },
  animation: {
    mimeTypes: ['image/gif'],
    bytesMax: 15 * megabyte,
    widthMax: 1_280,
    heightMax: 1_080,
    framesMax: 350,
    alone: true,
  },
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime'],
    bytesMax: 8 * 1024 * megabyte,
    widthMin: 32,
    heightMin: 32,
    ratioMin: 1 / 3,
    ratioMax: 3,
    durationMsMin: 500,
    durationMsMax: 125 * minuteMs,
    advice: {
      durationMsMax: 20 * minuteMs,
      framesPerSecondMax: 60,
      longEdgeMax: 1_280,
      shortEdgeMax: 1_024,
      codecs: ['h264'],
      chromas: ['4:2:0'],
      squarePixels: true,
      audioCodecs: ['aac'],
      audioProfiles: ['lc'],
      audioChannelsMax: 2,
    },
  },
};
