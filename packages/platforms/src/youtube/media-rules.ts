import type { MediaRules } from '@vibetribe/media-rules/media-rules';

const gigabyte = 1024 ** 3;
const megabyte = 1024 ** 2;

/** One video; a picture beside it is its thumbnail. https://developers.google.com/youtube/v3/docs/videos/insert and …/thumbnails/set, read 2026-11. */
export const youTubeMediaRules: MediaRules = {
  required: true,
  countMax: 2,
  imagesMax: 1,
  videosMin: 1,
  videosMax: 1,
  mixed: true,
  altCharactersMax: null,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 50 * megabyte, widthMin: 640 },
  animation: null,
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'],
    bytesMax: 256 * gigabyte,
    durationMsMax: 12 * 3_600_000,
  },
};
