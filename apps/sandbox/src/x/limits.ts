import type { Limit } from '../state/rate-limits.ts';

const quarterHourMs = 15 * 60_000;
const dayMs = 24 * 3_600_000;

/** https://docs.x.com/x-api/fundamentals/rate-limits: per user but for `createByApp`. */
export const tweetLimits = {
  create: { name: 'tweets-create', max: 100, windowMs: quarterHourMs },
  createByApp: { name: 'tweets-create-app', max: 10_000, windowMs: dayMs },
  remove: { name: 'tweets-delete', max: 50, windowMs: quarterHourMs },
  lookup: { name: 'tweets-lookup', max: 900, windowMs: quarterHourMs },
  userTweets: { name: 'users-tweets', max: 900, windowMs: quarterHourMs },
  upload: { name: 'media-upload', max: 500, windowMs: quarterHourMs },
  uploadInitialize: { name: 'media-upload-initialize', max: 1875, windowMs: quarterHourMs },
  uploadAppend: { name: 'media-upload-append', max: 1875, windowMs: quarterHourMs },
  uploadFinalize: { name: 'media-upload-finalize', max: 1875, windowMs: quarterHourMs },
  uploadStatus: { name: 'media-upload-status', max: 1000, windowMs: quarterHourMs },
  mediaMetadata: { name: 'media-metadata', max: 500, windowMs: quarterHourMs },
  me: { name: 'users-me', max: 75, windowMs: quarterHourMs },
} as const satisfies Record<string, Limit>;
