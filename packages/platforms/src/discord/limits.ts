import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { readExhaustedLimits, type LimitHeaders } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { discordRefusal } from './errors.ts';

/** https://docs.discord.com/developers/reference, read 2026-11. Bots are added to a server on Discord's own pages. */
export const discordEndpoints: EndpointDefaults = {
  api: 'https://discord.com',
  authorize: null,
  sandbox: { apiPath: '/discord', authorizePath: null },
};

/** Discord publishes no number; channels are seen to take 5 messages in 5 seconds. Half of that leaves the bot room for other work. */
export const discordLimits: PlatformLimits = { postsPerHour: 1_800, appPostsPerDay: null };

/** An account is one channel of one bot: what the bot as a whole has used up is counted against the channel that was told. */
const discordLimitHeaders: readonly LimitHeaders[] = [
  {
    scope: 'account',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    resetAfter: 'x-ratelimit-reset-after',
  },
];

export function discordExhaustedLimits(answer: PlatformResponse): ExhaustedLimit[] {
  return readExhaustedLimits(answer, discordLimitHeaders, discordRefusal);
}

/**
 * Discord knows a nonce for "the past few minutes" and gives the same message again. Quiet period and absence together are
 * shorter, so that a message which was not seen is sent again while its nonce is still known.
 */
export const discordReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 5_000 },
};
