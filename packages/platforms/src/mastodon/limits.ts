import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { readExhaustedLimits, type LimitHeaders } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { mastodonRefusal } from './errors.ts';

export const mastodonEndpoints: EndpointDefaults = {
  api: null,
  authorize: null,
  sandbox: { apiPath: null, authorizePath: null },
};

/** Instances allow 300 requests in 5 minutes and account; what they tell in their answers decides. */
export const mastodonLimits: PlatformLimits = { postsPerHour: 300, appPostsPerDay: null };

const mastodonLimitHeaders: readonly LimitHeaders[] = [
  { scope: 'account', remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
];

export function mastodonExhaustedLimits(answer: PlatformResponse): ExhaustedLimit[] {
  return readExhaustedLimits(answer, mastodonLimitHeaders, mastodonRefusal);
}

/**
 * Instances know an Idempotency-Key for an hour and give the same status again. Only two
 * requests at the very same time may pass it, so the first question waits until the last request is over.
 */
export const mastodonReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};
