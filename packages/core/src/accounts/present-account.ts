import type { Account } from '@vibetribe/contracts/account';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { AccountRow } from './account-row.ts';
import { timeLeftText } from './time-left.ts';

const hourMs = 3_600_000;

/** An account as clients see it: never anything of its credentials. */
export function presentAccount(deps: Pick<CoreDependencies, 'postsPerHour'>, row: AccountRow): Account {
  const limit = deps.postsPerHour(row.platform);
  const { tokenExpiresAtMs, oldestSendAtMs } = row;
  return {
    id: row.id,
    platform: row.platform,
    externalId: row.externalId,
    handle: row.handle,
    displayName: row.displayName,
    status: row.status,
    tokenExpiresAt: tokenExpiresAtMs === null ? null : new Date(tokenExpiresAtMs).toISOString(),
    tokenExpiresIn: tokenExpiresAtMs === null ? null : timeLeftText(tokenExpiresAtMs - row.nowMs),
    scopes: row.scopes,
    limits: [
      {
        name: 'posts_per_hour',
        limit,
        remaining: Math.max(0, limit - row.sendsInLastHour),
        resetAt: oldestSendAtMs === null ? null : new Date(oldestSendAtMs + hourMs).toISOString(),
      },
    ],
  };
}
