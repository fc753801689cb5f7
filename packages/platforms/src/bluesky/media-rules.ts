import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext } from '../port/adapter.ts';

/**
 * The lexicons app.bsky.embed.images and app.bsky.embed.video; what the account's server does not take goes through the video service.
 * Animations are shown as still pictures.
 */
export const blueskyMediaRules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 2_000,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], bytesMax: 2_000_000 },
  animation: null,
  video: { mimeTypes: ['video/mp4'], bytesMax: 300_000_000, durationMsMax: 180_000 },
};

/** With the limit of the account's own server, where it is known and smaller. */
export function blueskyMediaRulesOn({ serverRules }: MediaRulesContext['account']): MediaRules {
  const { image } = blueskyMediaRules;
  const bytesMax = serverRules?.media?.imageBytesMax;
  if (image === null || bytesMax === undefined) return blueskyMediaRules;
  return { ...blueskyMediaRules, image: { ...image, bytesMax: Math.min(image.bytesMax, bytesMax) } };
}
