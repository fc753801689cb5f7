import type { Account } from '../state/accounts.ts';

/** Of accounts with X Premium. */
export const longTextMax = 25_000;

/** Accounts whose handle begins so have it. */
export function isPremium({ handle }: Pick<Account, 'handle'>): boolean {
  return handle.startsWith('premium');
}
