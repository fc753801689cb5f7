import type { Limit } from '../state/rate-limits.ts';

const dayMs = 24 * 3_600_000;

/** The business use case that calls of pages count against, and the code that says that it is used up. */
export const useCase = { type: 'pages', code: 80_001 } as const;

/** 4,800 calls in 24 hours for each engaged user; a page of the sandbox has ten. https://developers.facebook.com/docs/graph-api/overview/rate-limiting */
export const callsOfPage: Limit = { name: 'page-calls', max: 48_000, windowMs: dayMs };

/** https://developers.facebook.com/docs/video-api/guides/reels-publishing */
export const reelsOfPage: Limit = { name: 'page-reels', max: 30, windowMs: dayMs };

/** Insights come a day or two after a post; who reacted is told at once. */
export const insightsLateMs = dayMs;

/** Nowhere documented; what people meet. */
export const messageCharactersMax = 63_206;
export const photoBytesMax = 10 * 1024 * 1024;
export const photosOfPostMax = 10;
