import type { LimitHeaders } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { readExhaustedLimits } from '../http/exhausted-limits.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { pinterestRefusal } from './errors.ts';

/** https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization, read 2026-11. */
export const pinterestEndpoints: EndpointDefaults = {
  api: 'https://api.pinterest.com',
  authorize: 'https://www.pinterest.com',
  sandbox: { apiPath: '/pinterest', authorizePath: '/pinterest' },
};

/** 25 an hour is the product's own measure: Pinterest counts calls, and holds new users to some ten pins a day. */
export const pinterestLimits: PlatformLimits = { postsPerHour: 25, appPostsPerDay: null };

const writes: LimitHeaders = {
  scope: 'account',
  remaining: 'x-ratelimit-remaining',
  reset: 'x-ratelimit-reset',
  resetAfter: 'x-ratelimit-reset',
};

export function pinterestExhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[] {
  return readExhaustedLimits(answer, [writes], pinterestRefusal('once'));
}

/** Nothing stands for a pin before it is sent, and Pinterest makes an equal one again: a look-up has to be sure before a repeat. */
export const pinterestReconciliation: ReconciliationRules = {
  means: 'lookup',
  repeat: 'made_again',
  quietMs: 60_000,
  absence: { reads: 3, spacingMs: 60_000 },
};
