import type { Account } from '@vibetribe/contracts/account';
import type { Page, PageQuery } from '@vibetribe/contracts/page';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { readAccounts } from './account-row.ts';
import { presentAccount } from './present-account.ts';

/** The organization's accounts, the disconnected ones too, oldest first. The cursor is the last id of the page before. */
export async function listAccounts(
  deps: Pick<CoreDependencies, 'db' | 'postsPerHour'>,
  actor: Actor,
  { limit, cursor }: PageQuery,
): Promise<Page<Account>> {
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    readAccounts(tx, actor, cursor === undefined ? sql`true` : sql`a.id > ${cursor}`, limit + 1),
  );
  const page = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  return {
    items: page.map((row) => presentAccount(deps, row)),
    nextCursor: hasMore ? (page.at(-1)?.id ?? null) : null,
  };
}
