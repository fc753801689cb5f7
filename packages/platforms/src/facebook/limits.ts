import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { facebookVersion } from './api.ts';

/** https://developers.facebook.com/docs/graph-api/overview, read 2026-11. */
export const facebookEndpoints: EndpointDefaults = {
  api: 'https://graph.facebook.com',
  authorize: 'https://www.facebook.com',
  hosts: {
    video: { url: 'https://graph-video.facebook.com', sandboxPath: '/graph' },
    upload: { url: 'https://rupload.facebook.com', sandboxPath: '/graph' },
  },
  version: facebookVersion,
  sandbox: { apiPath: '/graph', authorizePath: '/graph' },
};

/** Facebook counts calls, not posts, and blocks what looks like spam: fifty an hour is the product's own measure. */
export const facebookLimits: PlatformLimits = { postsPerHour: 50, appPostsPerDay: null };

/** What stands for the post is there before it is visible: it is asked for by its id. */
export const facebookReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};
