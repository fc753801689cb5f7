import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { readExhaustedLimits, type LimitHeaders } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { xRefusal } from './errors.ts';
import { measureAnew } from '../text/text-measure.ts';
import { xLongTextMax } from './text.ts';
import { hasLink } from './weigh-text.ts';

/** https://docs.x.com/x-api/fundamentals/authentication/oauth-2-0/authorization-code, read 2026-08. */
export const xEndpoints: EndpointDefaults = {
  api: 'https://api.x.com',
  authorize: 'https://x.com/i/oauth2/authorize',
  sandbox: { apiPath: '/x', authorizePath: '/x/i/oauth2/authorize' },
};

/**
 * X allows 100 posts in 15 minutes and user, 10,000 a day and app: an hour's share that leaves the app room for many users.
 * https://docs.x.com/x-api/fundamentals/rate-limits, read 2026-11.
 */
export const xLimits: PlatformLimits = {
  postsPerHour: 100,
  appPostsPerDay: 10_000,
  /** https://docs.x.com/x-api/getting-started/pricing, since 2026-04-20. */
  costOfPost: ({ text }, measure = measureAnew) =>
    measure(isLinked, text) ? { usd: 0.2, why: 'a post with a link' } : { usd: 0.015, why: 'a post without a link' },
};

const isLinked = (text: string) => hasLink(text.slice(0, xLongTextMax));

/** The 24-hour limits are told beside the window's where they apply. */
const xLimitHeaders: readonly LimitHeaders[] = [
  { scope: 'account', remaining: 'x-rate-limit-remaining', reset: 'x-rate-limit-reset' },
  { scope: 'account', remaining: 'x-user-limit-24hour-remaining', reset: 'x-user-limit-24hour-reset' },
  { scope: 'app', remaining: 'x-app-limit-24hour-remaining', reset: 'x-app-limit-24hour-reset' },
];

export function xExhaustedLimits(answer: PlatformResponse): ExhaustedLimit[] {
  return readExhaustedLimits(answer, xLimitHeaders, xRefusal);
}

/** No key: a post in doubt is looked up, and a listing may lag some seconds behind. */
export const xReconciliation: ReconciliationRules = {
  means: 'lookup',
  quietMs: 60_000,
  absence: { reads: 2, spacingMs: 60_000 },
};
