import type { MediaRules, VideoRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext } from '../port/adapter.ts';
import { InstagramOptions } from './options.ts';

const megabyte = 1024 * 1024;

const image = {
  mimeTypes: ['image/jpeg' as const],
  bytesMax: 8 * megabyte,
  widthMin: 320,
  widthMax: 1_440,
  ratioMin: 4 / 5,
  ratioMax: 1.91,
};

const video: VideoRules = {
  mimeTypes: ['video/mp4', 'video/quicktime'],
  bytesMax: 300 * megabyte,
  widthMax: 1_920,
  ratioMin: 0.01,
  ratioMax: 10,
  durationMsMin: 3_000,
  durationMsMax: 15 * 60_000,
  framesPerSecondMin: 23,
  framesPerSecondMax: 60,
  codecs: ['h264', 'hevc'],
  audioCodecs: ['aac'],
  indexFirst: true,
  advice: { chromas: ['4:2:0'], audioChannelsMax: 2 },
  alt: false,
};

/** A post of the feed: one picture, one video, or two to ten of both. https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media, read 2026-11. */
export const instagramMediaRules: MediaRules = {
  required: true,
  countMax: 10,
  imagesMax: 10,
  videosMax: 10,
  mixed: true,
  altCharactersMax: 1_000,
  image,
  animation: null,
  video,
};

const reelRules: MediaRules = {
  ...instagramMediaRules,
  countMax: 1,
  imagesMax: 0,
  videosMax: 1,
  mixed: false,
  image: null,
};

const storyRules: MediaRules = {
  ...instagramMediaRules,
  countMax: 1,
  imagesMax: 1,
  videosMax: 1,
  mixed: false,
  altCharactersMax: null,
  image: { ...image, ratioMin: 0.1, ratioMax: 10 },
  video: { ...video, bytesMax: 100 * megabyte, durationMsMax: 60_000 },
};

export function instagramMediaRulesFor({ options }: Pick<MediaRulesContext, 'options'>): MediaRules {
  switch (InstagramOptions.safeParse(options).data?.postAs) {
    case 'reel':
      return reelRules;
    case 'story':
      return storyRules;
    case 'feed':
    case undefined:
      return instagramMediaRules;
  }
}
