import { type RereadAccounts, rereadAccounts } from '../accounts/reread-accounts.ts';
import type { TokenDependencies } from '../accounts/tokens/get-valid-token.ts';

const dayMs = 24 * 3_600_000;

/** Each account once a day, a share of them in each hourly run. */
export function runAccountReread(deps: TokenDependencies, signal?: AbortSignal): Promise<RereadAccounts> {
  return rereadAccounts(deps, { olderThanMs: dayMs, batchSize: 100, accountsMax: 5_000, concurrency: 11, signal });
}
