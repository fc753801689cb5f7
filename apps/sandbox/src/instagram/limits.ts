import type { Limit } from '../state/rate-limits.ts';

const dayMs = 24 * 3_600_000;

/** The business use case that calls count against, and the code that says that it is used up. */
export const useCase = { type: 'instagram', code: 80_002 } as const;

/** 4,800 calls in 24 hours for each impression; an account of the sandbox has ten. */
export const callsOfAccount: Limit = { name: 'account-calls', max: 48_000, windowMs: dayMs };

/** The documents say 25, 50 and 100: what counts is what `content_publishing_limit` tells. */
export const postsOfAccount: Limit = { name: 'content-publishing', max: 100, windowMs: dayMs };

export const containersOfAccount: Limit = { name: 'containers', max: 400, windowMs: dayMs };

/** https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media */
export const captionCharactersMax = 2_200;
export const hashtagsMax = 30;
export const mentionsMax = 20;
export const altCharactersMax = 1_000;
export const childrenMin = 2;
export const childrenMax = 10;
export const collaboratorsMax = 3;
export const imageBytesMax = 8 * 1024 * 1024;
export const ratioMin = 4 / 5;
export const ratioMax = 1.91;
export const containerLifeMs = dayMs;
/** Up to 48 hours, they say. */
export const insightsLateMs = dayMs;
export const storyLifeMs = dayMs;
