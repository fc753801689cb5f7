import type { MediaRules, VideoRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext } from '../port/adapter.ts';
import { FacebookOptions } from './options.ts';

const megabyte = 1024 * 1024;

/** https://developers.facebook.com/docs/graph-api/reference/page/photos and …/page/videos, read 2026-11. */
const video: VideoRules = {
  mimeTypes: ['video/mp4', 'video/quicktime'],
  bytesMax: 1024 * megabyte,
  durationMsMin: 1_000,
  durationMsMax: 20 * 60_000,
  alt: false,
};

export const facebookMediaRules: MediaRules = {
  required: false,
  countMax: 10,
  imagesMax: 10,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 1_000,
  image: { mimeTypes: ['image/jpeg', 'image/png', 'image/gif'], bytesMax: 10 * megabyte },
  animation: null,
  video,
};

/** https://developers.facebook.com/docs/video-api/guides/reels-publishing, read 2026-11. */
const reelRules: MediaRules = {
  ...facebookMediaRules,
  required: true,
  countMax: 1,
  imagesMax: 0,
  image: null,
  video: {
    ...video,
    widthMin: 540,
    heightMin: 960,
    ratioMin: 9 / 16 - 0.01,
    ratioMax: 9 / 16 + 0.01,
    durationMsMin: 3_000,
    durationMsMax: 90_000,
    framesPerSecondMin: 24,
    framesPerSecondMax: 60,
    advice: {
      codecs: ['h264', 'hevc', 'vp9', 'av1'],
      chromas: ['4:2:0'],
      audioCodecs: ['aac'],
      audioProfiles: ['lc'],
      audioChannelsMax: 2,
    },
  },
};

/** A reel takes one upright video of three seconds to a minute and a half. */
export function facebookMediaRulesFor({ options }: Pick<MediaRulesContext, 'options'>): MediaRules {
  return FacebookOptions.safeParse(options).data?.videoAs === 'reel' ? reelRules : facebookMediaRules;
}
