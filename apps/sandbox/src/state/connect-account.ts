import type { Site } from '../site.ts';
import type { Account } from './accounts.ts';
import type { SandboxState } from './sandbox-state.ts';

/** The account of that handle, made if there is none. */
export function connectAccount(
  site: Pick<Site, 'id' | 'platform' | 'normalizeHandle' | 'newAccountId'>,
  { accounts, clock }: Pick<SandboxState, 'accounts' | 'clock'>,
  givenHandle: string,
): Account {
  const handle = site.normalizeHandle(givenHandle);
  const known = accounts.byHandle(site.id, handle);
  if (known !== undefined) return known;
  const account = {
    id: site.newAccountId(handle),
    platform: site.platform,
    site: site.id,
    handle,
    displayName: givenHandle.replace(/^@/, ''),
    createdAt: new Date(clock.wallMs()).toISOString(),
  };
  accounts.add(account);
  return account;
}

/** Finds an account by id or by handle. */
export function findAccount(
  site: Pick<Site, 'id' | 'normalizeHandle'>,
  { accounts }: Pick<SandboxState, 'accounts'>,
  idOrHandle: string,
): Account | undefined {
  return accounts.byId(site.id, idOrHandle) ?? accounts.byHandle(site.id, site.normalizeHandle(idOrHandle));
}
