import type { Limit } from '../state/rate-limits.ts';

/** https://docs.bsky.app/docs/advanced-guides/rate-limits: a create costs 3 points, an update 2, a deletion 1. */
export const writePoints = {
  perHour: { name: 'repo-points-hour', max: 5000, windowMs: 3_600_000 },
  perDay: { name: 'repo-points-day', max: 35_000, windowMs: 24 * 3_600_000 },
} as const satisfies Record<string, Limit>;

export const sessionLimits = {
  perFiveMinutes: { name: 'sessions-5min', max: 30, windowMs: 300_000 },
  perDay: { name: 'sessions-day', max: 300, windowMs: 24 * 3_600_000 },
} as const satisfies Record<string, Limit>;

export const requestsByAddress: Limit = { name: 'requests', max: 3000, windowMs: 300_000 };

/** The server limits `uploadBlob` for each account: https://github.com/bluesky-social/atproto, read 2026-11. */
export const blobUploads: Limit = { name: 'blob-uploads', max: 1000, windowMs: 24 * 3_600_000 };
