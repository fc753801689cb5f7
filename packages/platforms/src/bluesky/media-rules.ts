import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext } from '../port/adapter.ts';

/**
 * The lexicons app.bsky.embed.images and app.bsky.embed.video. Videos that the account's server does not take go through the video
 * service, which makes an MP4 of what it gets: up to ten minutes since 2026-08, https://github.com/bluesky-social/social-app/pull/11528.
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
  video: {
    mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm', 'video/mpeg'],
    bytesMax: 300_000_000,
    durationMsMax: 600_000,
    mp4Preferred: true,
  },
};

/** With the limit of the account's own server, where it is known and smaller. */
export function blueskyMediaRulesOn({ serverRules }: MediaRulesContext['account']): MediaRules {
  const { image } = blueskyMediaRules;
  const bytesMax = serverRules?.media?.imageBytesMax;
  if (image === null || bytesMax === undefined) return blueskyMediaRules;
  return { ...blueskyMediaRules, image: { ...image, bytesMax: Math.min(image.bytesMax, bytesMax) } };
}
