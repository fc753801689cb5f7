import type { MediaRules } from '@vibetribe/contracts/media-rules';

/** Text only. */
export const noMedia: MediaRules = {
  required: false,
  countMax: 0,
  imagesMax: 0,
  videosMax: 0,
  mixed: false,
  altCharactersMax: null,
  image: null,
  animation: null,
  video: null,
};
