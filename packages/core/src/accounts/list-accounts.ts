import type { Account } from '@vibetribe/contracts/account';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { cutPage } from '../cut-page.ts';
import { readAccounts } from './account-row.ts';
import { readAppUsage } from './app-usage.ts';
import { presentAccount } from './present-account.ts';

/** The organization's accounts, the disconnected ones too, oldest first. */
export async function listAccounts(
  deps: Pick<CoreDependencies, 'db' | 'postsPerHour' | 'appPostsPerDay'>,
  actor: Actor,
  { limit, afterId }: { readonly limit: number; readonly afterId: string | null },
): Promise<{ items: Account[]; hasMore: boolean }> {
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    readAccounts(tx, actor, afterId === null ? sql`true` : sql`a.id > ${afterId}`, limit + 1),
  );
  const apps = await readAppUsage(deps, rows);
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map((row) => presentAccount(deps, row, apps)), hasMore };
}
