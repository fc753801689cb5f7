import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import { pinterestAltMax } from './text.ts';

const megabyte = 1024 * 1024;

/**
 * One picture, two to five of one size, or a video, beside which one picture is its cover.
 * https://help.pinterest.com/en/business/article/pinterest-product-specs, read 2026-11.
 */
export const pinterestMediaRules: MediaRules = {
  required: true,
  countMax: 5,
  imagesMax: 5,
  videosMax: 1,
  mixed: true,
  altCharactersMax: pinterestAltMax,
  altOnce: true,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 20 * megabyte },
  animation: null,
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime'],
    bytesMax: 2_000_000_000,
    ratioMin: 1 / 2,
    ratioMax: 1.91,
    durationMsMin: 4_000,
    durationMsMax: 15 * 60_000,
    codecs: ['h264', 'hevc'],
  },
};
