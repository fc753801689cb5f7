import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { readExhaustedLimits } from '../http/exhausted-limits.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { linkedInVersion } from './api.ts';
import { linkedInRefusal } from './errors.ts';

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api, read 2026-11. */
export const linkedInEndpoints: EndpointDefaults = {
  api: 'https://api.linkedin.com',
  authorize: 'https://www.linkedin.com',
  hosts: { upload: { url: 'https://www.linkedin.com', sandboxPath: '/linkedin' } },
  version: linkedInVersion,
  clients: ['organization'],
  sandbox: { apiPath: '/linkedin', authorizePath: '/linkedin' },
};

/** LinkedIn counts calls of a member in a day (150 where nothing else was agreed); 25 posts an hour is the product's own measure. */
export const linkedInLimits: PlatformLimits = { postsPerHour: 25, appPostsPerDay: null };

/** Nothing stands for a post before it is sent; what it shows was uploaded for it alone, and is what it is known by. */
export const linkedInReconciliation: ReconciliationRules = {
  means: 'lookup',
  quietMs: 60_000,
  absence: { reads: 2, spacingMs: 60_000 },
};

export function linkedInExhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[] {
  return readExhaustedLimits(answer, [], linkedInRefusal('once'));
}

/** Versions live for a year, to the middle of their month; those to 202601 as announced, the others by that rule. */
export const linkedInVersionEnds: Readonly<Record<string, string>> = {
  '202510': '2026-10-15',
  '202511': '2026-11-16',
  '202512': '2026-12-15',
  '202601': '2027-01-15',
  '202602': '2027-02-15',
  '202603': '2027-03-15',
  '202604': '2027-04-15',
  '202605': '2027-05-15',
  '202606': '2027-06-15',
  '202607': '2027-07-15',
  '202608': '2027-08-15',
  '202609': '2027-09-15',
  '202610': '2027-10-15',
  '202611': '2027-11-15',
};
