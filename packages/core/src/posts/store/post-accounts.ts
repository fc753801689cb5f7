import type { FieldFault } from '@vibetribe/contracts/error-code';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { accounts } from '@vibetribe/db/schema/accounts';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';

/** An account as the rules about posts see it. */
export interface PostAccount {
  readonly id: string;
  readonly platform: PlatformId;
  readonly status: 'active' | 'needs_reauth' | 'disconnected';
  readonly adapterAccount: AdapterAccount;
}

/** By id; what does not exist, belongs to another organization or is closed to the actor's key is missing. */
export type PostAccounts = ReadonlyMap<string, PostAccount>;

/**
 * Reads the accounts and locks them until the transaction ends, against a change of their status and against claims of their publications.
 * A claim therefore reads the text after the transaction, or before it begins.
 */
export function lockAccounts(tx: Transaction, actor: Actor, ids: readonly string[]): Promise<PostAccounts> {
  return selectAccounts(tx, actor, ids, true);
}

export function readAccounts(tx: Transaction, actor: Actor, ids: readonly string[]): Promise<PostAccounts> {
  return selectAccounts(tx, actor, ids, false);
}

/** One fault for each account that cannot be posted to; unknown and foreign ones read the same. */
export function accountFaults(
  accountIds: readonly string[],
  found: PostAccounts,
  mustBeConnected: (accountId: string) => boolean = () => true,
): FieldFault[] {
  return accountIds.flatMap((id, index) => {
    const path = `accountIds.${index}`;
    const account = found.get(id);
    if (account === undefined) return [{ path, message: 'There is no such account.' }];
    if (account.status !== 'disconnected' || !mustBeConnected(id)) return [];
    return [{ path, message: 'The account is disconnected; it must be connected again first.' }];
  });
}

async function selectAccounts(
  tx: Transaction,
  actor: Actor,
  ids: readonly string[],
  hold: boolean,
): Promise<PostAccounts> {
  const wanted = ids.filter((id) => actor.accountIds === null || actor.accountIds.includes(id));
  if (wanted.length === 0) return new Map();
  const query = tx
    .select()
    .from(accounts)
    .where(and(eq(accounts.organizationId, actor.organizationId), inArray(accounts.id, wanted)))
    .orderBy(asc(accounts.id));
  const rows = await (hold ? query.for('share') : query);
  return new Map(rows.map((row) => [row.id, postAccountOf(row)]));
}

function postAccountOf(row: typeof accounts.$inferSelect): PostAccount {
  return {
    id: row.id,
    platform: PlatformId.parse(row.platform),
    status: row.status,
    adapterAccount: {
      externalId: row.externalId,
      ...(row.serverRules === null ? {} : { serverRules: row.serverRules }),
      handle: row.handle,
      service: row.service === '' ? null : row.service,
    },
  };
}
