import type { Account, AccountsQuery } from '@vibetribe/contracts/account';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { cutPage } from '../../cut-page.ts';
import { readAccounts } from './account-row.ts';
import { readAppUsage } from './app-usage.ts';
import { presentAccount } from './present-account.ts';

/** The organization's accounts, oldest first; the disconnected ones too, except where it is asked whose token ends. */
export async function listAccounts(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'postsPerHour' | 'appPostsPerDay'>,
  actor: Actor,
  { limit, afterId, ...query }: AccountsQuery & { readonly limit: number; readonly afterId: string | null },
): Promise<{ items: Account[]; hasMore: boolean }> {
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    readAccounts(tx, actor, sql.join([after(afterId), ...conditionsOf(query)], sql` and `), limit + 1),
  );
  const apps = await readAppUsage(deps, rows);
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map((row) => presentAccount(deps, row, apps)), hasMore };
}

function after(id: string | null): SQL {
  return id === null ? sql`true` : sql`a.id > ${id}`;
}

/** About `accounts a` and `grants g`. */
function conditionsOf({ expiringWithin, status, platform }: AccountsQuery): SQL[] {
  return [
    ...(status === undefined ? [] : [sql`a.status = ${status}`]),
    ...(platform === undefined ? [] : [sql`a.platform = ${platform}`]),
    ...(expiringWithin === undefined
      ? []
      : [
          sql`a.status <> 'disconnected' and g.expires_at > now() and g.expires_at <= now() + make_interval(hours => ${hoursOf(expiringWithin)}::int)`,
        ]),
  ];
}

function hoursOf(window: string): number {
  return Number.parseInt(window, 10) * (window.endsWith('d') ? 24 : 1);
}
