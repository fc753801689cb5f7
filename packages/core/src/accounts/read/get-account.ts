import type { Account } from '@vibetribe/contracts/account';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { notFound } from '../../domain-error.ts';
import { type AccountRow, readAccounts } from './account-row.ts';
import { readAppUsage } from './app-usage.ts';
import { presentAccount } from './present-account.ts';

/** @throws DomainError `not_found`, for another organization's account too */
export async function getAccount(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'postsPerHour' | 'appPostsPerDay'>,
  actor: Pick<Actor, 'organizationId' | 'accountIds'>,
  { accountId }: { readonly accountId: string },
): Promise<Account> {
  const row = await findAccount(deps, actor, accountId);
  return presentAccount(deps, row, await readAppUsage(deps, [row]));
}

/** @throws DomainError `not_found` */
export async function findAccount(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Pick<Actor, 'organizationId' | 'accountIds'>,
  accountId: string,
): Promise<AccountRow> {
  const [row] = await deps.db.asTenant(actor.organizationId, (tx) =>
    readAccounts(tx, actor, sql`a.id = ${accountId}`, 1),
  );
  if (row === undefined) throw notFound('account');
  return row;
}
