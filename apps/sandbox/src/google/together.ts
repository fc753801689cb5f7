import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';

/** Accounts of one person: a consent opens those that were approved together. */
export type Together = {
  /** Remembers that whoever runs the first of them runs the others too. Gives the first one's id. */
  opening(accounts: readonly Account[]): string;
  /** Those that a grant of this account opens, itself first. */
  openedBy(account: string): Account[];
};

export function createTogether({ site, sandbox }: SiteContext, table: string): Together {
  const { store, accounts } = sandbox;
  const rows = store.table(table, Row);
  return {
    opening([first, ...others]) {
      if (first === undefined) return '';
      const known = rows.get(first.id)?.others ?? [];
      const all = [...new Set([...known, ...others.map(({ id }) => id)])];
      if (all.length > known.length) store.commit([rows.put(first.id, { first: first.id, others: all })]);
      return first.id;
    },
    openedBy: (account) =>
      [account, ...(rows.get(account)?.others ?? [])].flatMap((id) => accounts.byId(site, id) ?? []),
  };
}

const Row = z.object({ first: z.string(), others: z.array(z.string()) });
