import type { LimitState } from '@vibetribe/contracts/account';
import { z } from 'zod';
import type { AccountCall } from '../port/account.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { callInstagram, instagramVersion } from './api.ts';

/** https://developers.facebook.com/docs/instagram-platform/overview, read 2026-11. `page`: the application whose login is by the page. */
export const instagramEndpoints: EndpointDefaults = {
  api: 'https://graph.instagram.com',
  authorize: 'https://www.instagram.com',
  hosts: {
    login: { url: 'https://api.instagram.com', sandboxPath: '/graph' },
    pages: { url: 'https://graph.facebook.com', sandboxPath: '/graph' },
    dialog: { url: 'https://www.facebook.com', sandboxPath: '/graph' },
    upload: { url: 'https://rupload.facebook.com', sandboxPath: '/graph' },
  },
  version: instagramVersion,
  clients: ['page'],
  sandbox: { apiPath: '/graph', authorizePath: '/graph' },
};

/** What an account may post in 24 hours is asked for before each post; 25 an hour is the product's own measure. */
export const instagramLimits: PlatformLimits = { postsPerHour: 25, appPostsPerDay: null };

/** A container becomes a post once: it is asked for what became of it. */
export const instagramReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};

const Quota = z.object({
  data: z
    .array(
      z.object({
        quota_usage: z.int().nonnegative(),
        config: z.object({ quota_total: z.int().nonnegative(), quota_duration: z.int().positive() }).optional(),
      }),
    )
    .default([]),
});

export interface InstagramQuota {
  readonly used: number;
  readonly total: number;
}

/** https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit, read 2026-11. Null where it is not told. */
export async function readQuota(call: AccountCall): Promise<InstagramQuota | null> {
  const { data } = await callInstagram({
    ...call,
    method: 'GET',
    path: `/${encodeURIComponent(call.account.externalId)}/content_publishing_limit`,
    query: { fields: 'quota_usage,config' },
    effect: 'read',
    answer: Quota,
  });
  const [first] = data;
  return first?.config === undefined ? null : { used: first.quota_usage, total: first.config.quota_total };
}

/** The window slides: when the next place becomes free is not told. */
export async function readInstagramLimits(call: AccountCall): Promise<LimitState[]> {
  const quota = await readQuota(call);
  if (quota === null) return [];
  const remaining = Math.max(0, quota.total - quota.used);
  return [{ name: 'content_publishing_limit', limit: quota.total, remaining, resetAt: null }];
}
