import type { MediaRules } from '@vibetribe/contracts/media-rules';

const megabyte = 1024 * 1024;

/** The defaults of https://docs.joinmastodon.org/entities/Instance/#configuration-media_attachments; few instances change them. */
export const mastodonMediaRules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 1_500,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], bytesMax: 16 * megabyte, pixelsMax: 33_177_600 },
  animation: { mimeTypes: ['image/gif'], bytesMax: 16 * megabyte, pixelsMax: 33_177_600, alone: false },
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'],
    bytesMax: 99 * megabyte,
    pixelsMax: 8_294_400,
    framesPerSecondMax: 120,
  },
};
