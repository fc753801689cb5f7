import type { MediaRules } from '@vibetribe/media-rules/media-rules';

/** One photo, which Google fetches; videos end in an error of its own. https://support.google.com/business/answer/6103862, read 2026-11. */
export const businessMediaRules: MediaRules = {
  required: false,
  countMax: 1,
  imagesMax: 1,
  videosMax: 0,
  mixed: false,
  altCharactersMax: null,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 5 * 1024 * 1024, widthMin: 250, heightMin: 250 },
  animation: null,
  video: null,
};
