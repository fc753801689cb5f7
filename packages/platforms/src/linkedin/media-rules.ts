import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { MediaRulesContext } from '../port/adapter.ts';
import { cardOf } from './card.ts';

const megabyte = 1024 * 1024;
const pixelsMax = 36_152_319;

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api, …/videos-api, …/documents-api and …/multiimage-post-api, read 2026-11. */
export const linkedInMediaRules: MediaRules = {
  required: false,
  countMax: 20,
  imagesMax: 20,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 4_086,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 10 * megabyte, pixelsMax },
  animation: { mimeTypes: ['image/gif'], bytesMax: 10 * megabyte, pixelsMax, framesMax: 250, alone: true },
  video: {
    mimeTypes: ['video/mp4'],
    bytesMin: 75 * 1024,
    bytesMax: 500 * megabyte,
    durationMsMin: 3_000,
    durationMsMax: 30 * 60_000,
    alt: false,
  },
  document: {
    mimeTypes: [
      'application/pdf',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'application/vnd.ms-powerpoint',
      'application/msword',
    ],
    bytesMax: 100 * megabyte,
    pagesMax: 300,
  },
};

/** A card has one picture at most, and neither film nor document. */
const cardRules: MediaRules = {
  ...linkedInMediaRules,
  countMax: 1,
  imagesMax: 1,
  videosMax: 0,
  video: null,
  document: null,
};

export function linkedInMediaRulesFor({ options }: Pick<MediaRulesContext, 'options'>): MediaRules {
  return cardOf(options) === null ? linkedInMediaRules : cardRules;
}
