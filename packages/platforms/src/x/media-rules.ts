import type { MediaRules } from '@vibetribe/media-rules/media-rules';

const megabyte = 1024 * 1024;

/** https://docs.x.com/x-api/media/quickstart/best-practices, read 2026-08. */
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
    bytesMax: 512 * megabyte,
    ratioMin: 1 / 3,
    ratioMax: 3,
    durationMsMin: 500,
    durationMsMax: 140_000,
  },
};
