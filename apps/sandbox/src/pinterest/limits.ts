import type { Limit } from '../state/rate-limits.ts';

const minuteMs = 60_000;

/** Of each user and application, by category: https://developers.pinterest.com/docs/reference/rate-limits/ */
export const callsByUser = {
  org_read: { name: 'org-read', max: 1_000, windowMs: minuteMs },
  org_analytics: { name: 'org-analytics', max: 300, windowMs: minuteMs },
  org_write: { name: 'org-write', max: 100, windowMs: minuteMs },
} as const satisfies Record<string, Limit>;
export type Category = keyof typeof callsByUser;

/** How late the numbers of pins are. */
export const analyticsLateMs = 24 * 3_600_000;

/** Of an application with trial access, all calls together. */
export const trialCallsOfApp: Limit = { name: 'trial-calls', max: 1_000, windowMs: 24 * 3_600_000 };

export const titleCharactersMax = 100;
export const descriptionCharactersMax = 800;
export const altCharactersMax = 500;
export const linkCharactersMax = 2_048;
export const carouselItems = { min: 2, max: 5 } as const;
export const imageBytesMax = 20 * 1024 * 1024;
/** A carousel of the largest pictures, in base64. */
export const bodyBytesMax = 140 * 1024 * 1024;
