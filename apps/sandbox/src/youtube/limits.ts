import type { Limit } from '../state/rate-limits.ts';

const dayMs = 24 * 3_600_000;

/** Of the application. https://developers.google.com/youtube/v3/determine_quota_cost: uploads have a bucket of their own. */
export const unitsByApp: Limit = { name: 'units', max: 10_000, windowMs: dayMs, aligned: true };
export const uploadsByApp: Limit = { name: 'uploads', max: 100, windowMs: dayMs, aligned: true };

/** YouTube Analytics counts its queries apart. https://developers.google.com/youtube/analytics/reference */
export const queriesByApp: Limit = { name: 'analytics-queries', max: 100_000, windowMs: dayMs, aligned: true };
/** How late it tells what it has. */
export const analyticsLateMs = 2 * dayMs;

export const units = { read: 1, write: 50 } as const;

export const titleCharactersMax = 100;
export const descriptionBytesMax = 5_000;
/** Of all together: commas between them count, and quotes around those with a space. */
export const tagsCharactersMax = 500;
export const commentCharactersMax = 10_000;
export const thumbnailBytesMax = 50 * 1024 * 1024;
export const chunkMultiple = 256 * 1024;
export const sessionLifeMs = 7 * dayMs;
export const processingMs = 1_500;

/** Those that a video may be put in. https://developers.google.com/youtube/v3/docs/videoCategories/list */
export const categoryIds: ReadonlySet<string> = new Set([
  '1',
  '2',
  '10',
  '15',
  '17',
  '19',
  '20',
  '22',
  '23',
  '24',
  '25',
  '26',
  '27',
  '28',
  '29',
]);
