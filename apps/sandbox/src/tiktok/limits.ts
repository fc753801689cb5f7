import type { Limit } from '../state/rate-limits.ts';

const minuteMs = 60_000;

/** Of each user's token: https://developers.tiktok.com/doc/content-posting-api-reference-direct-post */
export const callsByUser = {
  init: { name: 'init', max: 6, windowMs: minuteMs },
  creator: { name: 'creator-info', max: 20, windowMs: minuteMs },
  status: { name: 'status', max: 30, windowMs: minuteMs },
  list: { name: 'list', max: 600, windowMs: minuteMs },
} as const satisfies Record<string, Limit>;
export type CallKind = keyof typeof callsByUser;

/** How many the real one allows varies. */
export const postsByUser: Limit = { name: 'posts', max: 15, windowMs: 24 * 3_600_000 };

/** Drafts that wait in a creator's inbox. */
export const draftsByUser: Limit = { name: 'drafts', max: 5, windowMs: 24 * 3_600_000 };

export const captionUnitsMax = 2_200;
export const photoTitleUnitsMax = 90;
export const photoDescriptionUnitsMax = 4_000;
export const photosMax = 35;
export const photoBytesMax = 20 * 1024 * 1024;
/** 1080p, upright or not. */
export const photoPixels = { shortMax: 1_080, longMax: 1_920 } as const;
export const videoBytesMax = 4 * 1024 ** 3;
export const durationSecondsMax = 600;
export const chunkBytes = { min: 5_000_000, max: 64 * 1024 * 1024, lastMax: 128 * 1024 * 1024 } as const;
export const chunksMax = 1_000;
export const addressLifeMs = 3_600_000;
