import type { Limit } from '../state/rate-limits.ts';

const dayMs = 24 * 3_600_000;

/** Of each member and of the application, until midnight UTC. https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits */
export const createsByMember: Limit = { name: 'posts-member', max: 150, windowMs: dayMs, aligned: true };
export const createsByApp: Limit = { name: 'posts-app', max: 100_000, windowMs: dayMs, aligned: true };

export const commentaryCharactersMax = 3_000;
export const altCharactersMax = 4_086;
export const commentCharactersMax = 1_250;
export const imagePixelsMax = 36_152_320;
export const imagesOfPost = { min: 2, max: 20 } as const;
export const videoBytes = { min: 75 * 1024, max: 500 * 1024 * 1024 } as const;
export const documentBytesMax = 100 * 1024 * 1024;
/** So long an identical post is refused. */
export const duplicateWindowMs = 10 * 60_000;

/** Months whose version is alive. https://learn.microsoft.com/en-us/linkedin/marketing/versioning */
export const livingVersions: ReadonlySet<string> = new Set([
  '202512',
  '202601',
  '202602',
  '202603',
  '202604',
  '202605',
  '202606',
  '202607',
  '202608',
  '202609',
  '202610',
  '202611',
]);
