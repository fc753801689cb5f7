import type { Account, LimitState } from '@vibetribe/contracts/account';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { appWindowMs } from '../../publishing/claim/app-limit.ts';
import type { AccountRow } from './account-row.ts';
import type { AppUsage } from './app-usage.ts';
import { timeLeftText } from './time-left.ts';

const hourMs = 3_600_000;

/** An account as clients see it: never anything of its credentials. */
export function presentAccount(
  deps: Pick<CoreDependencies, 'postsPerHour'>,
  row: AccountRow,
  apps: ReadonlyMap<PlatformId, AppUsage>,
): Account {
  const { tokenExpiresAtMs } = row;
  const app = row.credentialSource === 'manual' ? undefined : apps.get(row.platform);
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
      limitState(
        { name: 'posts_per_hour', limit: deps.postsPerHour(row.platform), windowMs: hourMs },
        { used: row.sendsInLastHour, oldestAtMs: row.oldestSendAtMs, closedUntilMs: row.closedUntilMs },
        row.nowMs,
      ),
      ...(app === undefined ? [] : limitsOfApp(app, row.nowMs)),
    ],
  };
}

function limitsOfApp({ posts, units }: AppUsage, nowMs: number): LimitState[] {
  const told: LimitState[] = [];
  if (posts !== null)
    told.push(limitState({ name: 'app_posts_per_day', limit: posts.limit, windowMs: appWindowMs }, posts, nowMs));
  if (units !== null) {
    const { limit, used, resetAtMs } = units;
    const resetAt = used === 0 ? null : new Date(resetAtMs).toISOString();
    told.push({ name: 'app_units_per_day', limit, remaining: Math.max(0, limit - used), resetAt });
  }
  return told;
}

/** Where the platform itself said that nothing is left, that holds, whatever was counted. */
function limitState(
  { name, limit, windowMs }: { name: string; limit: number; windowMs: number },
  { used, oldestAtMs, closedUntilMs }: { used: number; oldestAtMs: number | null; closedUntilMs: number | null },
  nowMs: number,
): LimitState {
  if (closedUntilMs !== null && closedUntilMs > nowMs)
    return { name, limit, remaining: 0, resetAt: new Date(closedUntilMs).toISOString() };
  const resetAt = oldestAtMs === null ? null : new Date(oldestAtMs + windowMs).toISOString();
  return { name, limit, remaining: Math.max(0, limit - used), resetAt };
}
