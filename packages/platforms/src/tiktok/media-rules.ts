import type { MediaRules } from '@vibetribe/media-rules/media-rules';

/** https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide, read 2026-11. How long a video may be is the creator’s own: ten minutes at most. */
export const tiktokMediaRules: MediaRules = {
  required: true,
  countMax: 35,
  imagesMax: 35,
  videosMax: 1,
  mixed: false,
  altCharactersMax: null,
  image: {
    mimeTypes: ['image/jpeg', 'image/webp'],
    bytesMax: 20 * 1024 * 1024,
    widthMax: 1_080,
    heightMax: 1_920,
  },
  animation: null,
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'],
    bytesMax: 4_000_000_000,
    widthMin: 360,
    widthMax: 4_096,
    heightMin: 360,
    heightMax: 4_096,
    durationMsMax: 600_000,
    framesPerSecondMin: 23,
    framesPerSecondMax: 60,
    codecs: ['h264', 'hevc', 'vp8', 'vp9'],
  },
};
