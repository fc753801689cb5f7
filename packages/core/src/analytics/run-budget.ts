import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PlatformCall } from '@vibetribe/platforms/http/create-platform-http';
import type { CoreDependencies } from '../core-dependencies.ts';

/** How much one run may ask: publishing has the rest. Counted in requests that were really made. */
export interface RunBudget {
  spend(
    due: { readonly accountId: string; readonly platform: PlatformId },
    call: Pick<PlatformCall, 'method' | 'path'>,
  ): void;
  isLeft(due: { readonly accountId: string; readonly platform: PlatformId }): boolean;
  isPlatformLeft(platform: PlatformId): boolean;
  /** Ends this platform for the run: the application's limit there is used up. */
  close(platform: PlatformId): void;
  /** Accounts that have had their share. */
  accountsDone(): string[];
}

/** Requests that one hourly run makes for an account; the strictest platform allows it 200 an hour. */
const accountRequestsMax = 20;
const platformRequestsMax = 500;
/** The share of an application's units of a day that its 24 runs may use together. */
const unitsShare = 0.05;

export function createRunBudget(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  limits: { readonly accountRequests?: number; readonly platformRequests?: number } = {},
): RunBudget {
  const { accountRequests = accountRequestsMax, platformRequests = platformRequestsMax } = limits;
  const byAccount = new Map<string, number>();
  const byPlatform = new Map<PlatformId, { requests: number; units: number }>();
  const closed = new Set<PlatformId>();
  const isPlatformLeft = (platform: PlatformId) => {
    if (closed.has(platform)) return false;
    const { requests, units } = byPlatform.get(platform) ?? { requests: 0, units: 0 };
    const day = adapters[platform].limits.appUnitsPerDay;
    return requests < platformRequests && (day === undefined || units < (day.limit * unitsShare) / 24);
  };
  return {
    spend({ accountId, platform }, call) {
      byAccount.set(accountId, (byAccount.get(accountId) ?? 0) + 1);
      const { requests, units } = byPlatform.get(platform) ?? { requests: 0, units: 0 };
      const cost = adapters[platform].limits.appUnitsPerDay?.costOfCall(call) ?? 0;
      byPlatform.set(platform, { requests: requests + 1, units: units + cost });
    },
    isLeft: ({ accountId, platform }) => (byAccount.get(accountId) ?? 0) < accountRequests && isPlatformLeft(platform),
    isPlatformLeft,
    close: (platform) => void closed.add(platform),
    accountsDone: () =>
      [...byAccount].flatMap(([accountId, requests]) => (requests >= accountRequests ? [accountId] : [])),
  };
}
