import type { Limit } from '../state/rate-limits.ts';

/** https://docs.joinmastodon.org/api/rate-limits/: per account; windows begin at multiples of their length. */
export const statusLimits = {
  api: { name: 'api', max: 300, windowMs: 300_000, aligned: true },
  media: { name: 'media', max: 30, windowMs: 1_800_000, aligned: true },
  remove: { name: 'status-deletions', max: 30, windowMs: 1_800_000, aligned: true },
} as const satisfies Record<string, Limit>;

/** The instance that says it runs 4.2, and gives no list of statuses by their ids. */
export const oldSite = 'mastodon2';
