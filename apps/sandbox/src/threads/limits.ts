import type { Limit } from '../state/rate-limits.ts';

const dayMs = 24 * 3_600_000;

/** The business use case that calls count against, and the code that says that it is used up. */
export const useCase = { type: 'threads', code: 80_002 } as const;

/** 4,800 calls in 24 hours for each impression; an account of the sandbox has ten. */
export const callsOfAccount: Limit = { name: 'account-calls', max: 48_000, windowMs: dayMs };

/** https://developers.facebook.com/docs/threads/overview#rate-limits */
export const postsOfAccount: Limit = { name: 'posts', max: 250, windowMs: dayMs };
export const repliesOfAccount: Limit = { name: 'replies', max: 1_000, windowMs: dayMs };
export const deletesOfAccount: Limit = { name: 'deletes', max: 100, windowMs: dayMs };

/** https://developers.facebook.com/docs/threads/overview#limitations */
export const textMax = 500;
export const linksMax = 5;
export const altCharactersMax = 1_000;
export const topicTagMax = 50;
export const childrenMin = 2;
export const childrenMax = 20;
export const imageBytesMax = 8 * 1024 * 1024;
export const videoBytesMax = 1024 * 1024 * 1024;
export const imageWidthMin = 320;
export const ratioMax = 10;
export const containerLifeMs = dayMs;
