import type { EndpointDefaults, PlatformLimits, ReconciliationRules } from '../adapter.ts';

/** https://docs.x.com/x-api/fundamentals/authentication/oauth-2-0/authorization-code, read 2026-08. */
export const xEndpoints: EndpointDefaults = {
  api: 'https://api.x.com',
  authorize: 'https://x.com/i/oauth2/authorize',
  sandbox: { apiPath: '/x', authorizePath: '/x/i/oauth2/authorize' },
};

/** X allows 100 posts in 15 minutes and user, 10,000 a day and app: an hour's share that leaves the app room for many users. */
export const xLimits: PlatformLimits = { postsPerHour: 100 };

/** No key: a post in doubt is looked up, and a listing may lag some seconds behind. */
export const xReconciliation: ReconciliationRules = {
  means: 'lookup',
  quietMs: 60_000,
  absence: { reads: 2, spacingMs: 60_000 },
  keyLifeMs: 0,
};
