import type { LimitState } from '@vibetribe/contracts/account';
import { z } from 'zod';
import type { AccountCall } from '../port/account.ts';
import type { PlatformLimits, ReconciliationRules } from '../port/adapter.ts';
import type { EndpointDefaults } from '../port/endpoints.ts';
import { callThreads, pathOf, threadsVersion } from './api.ts';

/** https://developers.facebook.com/docs/threads/overview, read 2026-11. */
export const threadsEndpoints: EndpointDefaults = {
  api: 'https://graph.threads.net',
  authorize: 'https://threads.net',
  version: threadsVersion,
  sandbox: { apiPath: '/threads', authorizePath: '/threads' },
};

/** What an account may post in 24 hours is asked for before each post; 50 an hour is the product's own measure. */
export const threadsLimits: PlatformLimits = { postsPerHour: 50, appPostsPerDay: null };

/** A container becomes a post once: it is asked for what became of it. */
export const threadsReconciliation: ReconciliationRules = {
  means: 'key',
  quietMs: 45_000,
  absence: { reads: 2, spacingMs: 30_000 },
};

const Usage = z.int().nonnegative().optional().catch(undefined);
const Config = z.object({ quota_total: z.int().nonnegative() }).optional().catch(undefined);
const Quotas = z.object({
  data: z
    .array(z.object({ quota_usage: Usage, config: Config, reply_quota_usage: Usage, reply_config: Config }))
    .default([]),
});

export interface ThreadsQuota {
  readonly used: number;
  readonly total: number;
}

/** Of posts and of replies, which count apart. https://developers.facebook.com/docs/threads/troubleshooting#retrieve-publishing-quota-limit, read 2026-11. Null where it is not told. */
export async function readQuotas(
  call: AccountCall,
): Promise<{ readonly posts: ThreadsQuota | null; readonly replies: ThreadsQuota | null }> {
  const { data } = await callThreads({
    ...call,
    method: 'GET',
    path: pathOf(call.account.externalId, '/threads_publishing_limit'),
    query: { fields: 'quota_usage,config,reply_quota_usage,reply_config' },
    effect: 'read',
    answer: Quotas,
  });
  const [first] = data;
  return {
    posts: quotaOf(first?.quota_usage, first?.config),
    replies: quotaOf(first?.reply_quota_usage, first?.reply_config),
  };
}

function quotaOf(used: number | undefined, config: { quota_total: number } | undefined): ThreadsQuota | null {
  return used === undefined || config === undefined ? null : { used, total: config.quota_total };
}

/** The window slides: when the next place becomes free is not told. */
export async function readThreadsLimits(call: AccountCall): Promise<LimitState[]> {
  const { posts, replies } = await readQuotas(call);
  const named = [
    ['threads_publishing_limit', posts],
    ['threads_reply_limit', replies],
  ] as const;
  return named.flatMap(([name, quota]) => {
    if (quota === null) return [];
    const remaining = Math.max(0, quota.total - quota.used);
    return [{ name, limit: quota.total, remaining, resetAt: null }];
  });
}
