import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { readExhaustedLimits, type LimitHeaders } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { blueskyRefusal } from './errors.ts';

export const blueskyEndpoints: EndpointDefaults = {
  api: 'https://bsky.social',
  authorize: null,
  upload: 'https://video.bsky.app',
  hosts: {
    /** Tells whose a handle is. */
    resolver: { url: 'https://public.api.bsky.app', sandboxPath: '/bluesky' },
    /** Tells where an account lives: the directory of `did:plc`. */
    plc: { url: 'https://plc.directory', sandboxPath: '/bluesky/plc' },
  },
  sandbox: { apiPath: null, authorizePath: null },
};

/** 5,000 points an hour and account, 3 for each post; some are left for what the user does by hand. https://docs.bsky.app/docs/advanced-guides/rate-limits */
export const blueskyLimits: PlatformLimits = { postsPerHour: 1_500, appPostsPerDay: null };

/** A post costs 3 points; the limit of the address is told under the same names. */
const blueskyLimitHeaders: readonly LimitHeaders[] = [
  { scope: 'account', remaining: 'ratelimit-remaining', reset: 'ratelimit-reset', cost: 3 },
];

export function blueskyExhaustedLimits(answer: PlatformResponse): ExhaustedLimit[] {
  return readExhaustedLimits(answer, blueskyLimitHeaders, blueskyRefusal);
}

/** The record's key is ours: reading it is exact at once, and a repeat under it is refused for as long as the record exists. */
export const blueskyReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 10_000,
  absence: { reads: 1, spacingMs: 0 },
};
