import type { TokenDependencies } from '../accounts/tokens/get-valid-token.ts';
import {
  refreshExpiringGrants,
  type RefreshExpiringOptions,
  type RefreshedGrants,
} from '../accounts/tokens/refresh-expiring-grants.ts';

const minuteMs = 60_000;

/** What ends before the next hourly run, and half an hour more, should that one be late. */
const withinMs = 90 * minuteMs;

/** Hourly: nobody should have to wait for a refresh when a post is due. */
export function runTokenRefresh(
  deps: TokenDependencies,
  options: Pick<RefreshExpiringOptions, 'onOutcome' | 'signal'> = {},
): Promise<RefreshedGrants> {
  return refreshExpiringGrants(deps, { ...options, withinMs, concurrency: 11, batchSize: 200 });
}
