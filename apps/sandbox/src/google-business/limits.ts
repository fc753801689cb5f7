import type { Limit } from '../state/rate-limits.ts';

const minuteMs = 60_000;

/** https://developers.google.com/my-business/content/limits */
export const queriesByApp: Limit = { name: 'queries', max: 300, windowMs: minuteMs };
export const editsByLocation: Limit = { name: 'edits', max: 10, windowMs: minuteMs };

export const summaryCharactersMax = 1_500;
export const eventTitleCharactersMax = 58;
export const photoBytesMax = 5 * 1024 * 1024;
export const photoEdgeMin = 250;
/** So long a post is looked at before it is shown or refused. */
export const reviewMs = 1_200;
