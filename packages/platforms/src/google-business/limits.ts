import { readExhaustedLimits } from '../http/exhausted-limits.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { googleRefusal } from '../google/errors.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { businessKinds } from './api.ts';

/** https://developers.google.com/my-business/ref_overview, read 2026-11. */
export const businessEndpoints: EndpointDefaults = {
  api: 'https://mybusiness.googleapis.com',
  authorize: 'https://accounts.google.com',
  hosts: {
    token: { url: 'https://oauth2.googleapis.com', sandboxPath: '/google-business' },
    accounts: { url: 'https://mybusinessaccountmanagement.googleapis.com', sandboxPath: '/google-business' },
    performance: { url: 'https://businessprofileperformance.googleapis.com', sandboxPath: '/google-business' },
    information: { url: 'https://mybusinessbusinessinformation.googleapis.com', sandboxPath: '/google-business' },
  },
  sandbox: { apiPath: '/google-business', authorizePath: '/google-business' },
};

/** Google counts requests (300 a minute) and edits of a location (10 a minute); 10 posts an hour is the product's own measure. */
export const businessLimits: PlatformLimits = { postsPerHour: 10, appPostsPerDay: null };

/** Nothing stands for a post before it is sent; it is looked for above the newest post of before. */
export const businessReconciliation: ReconciliationRules = {
  means: 'lookup',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};

export function businessExhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[] {
  return readExhaustedLimits(answer, [], googleRefusal('once', businessKinds));
}
