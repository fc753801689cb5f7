import { z } from 'zod';
import type { Store } from '../store/store.ts';

/** An account of a platform. `site` tells instances of one platform apart. Times are ISO 8601. */
export type Account = z.infer<typeof Account>;

export type Accounts = {
  byId(site: string, id: string): Account | undefined;
  byHandle(site: string, handle: string): Account | undefined;
  ofSite(site: string): readonly Account[];
  add(account: Account): void;
};

export function createAccounts(store: Store): Accounts {
  const table = store.table('accounts', Account);
  const byHandle = new Map<string, Account>();
  const bySite = new Map<string, Account[]>();
  table.onChange((_before, after) => {
    if (after === undefined) return;
    byHandle.set(handleKey(after.site, after.handle), after);
    const ofSite = bySite.get(after.site);
    if (ofSite === undefined) bySite.set(after.site, [after]);
    else ofSite.push(after);
  });
  return {
    byId: (site, id) => table.get(`${site}/${id}`),
    byHandle: (site, handle) => byHandle.get(handleKey(site, handle)),
    ofSite: (site) => bySite.get(site) ?? [],
    add: (account) => store.commit([table.put(`${account.site}/${account.id}`, account)]),
  };
}

const Account = z.object({
  id: z.string(),
  platform: z.string(),
  site: z.string(),
  handle: z.string(),
  displayName: z.string(),
  createdAt: z.string(),
});

function handleKey(site: string, handle: string): string {
  return `${site}/${handle.toLowerCase()}`;
}
