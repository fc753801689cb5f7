import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { accessOf } from '@vibetribe/platforms/connect/account-access';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { AccountProfile, AdapterAccount } from '@vibetribe/platforms/port/account';
import { sql } from 'drizzle-orm';
import { shareOfOrganization, shareOfServer } from '../platforms/platform-shares.ts';
import { workInShares } from '../work-in-shares.ts';
import { getValidToken, type TokenDependencies } from './tokens/get-valid-token.ts';
import { markAccountGone } from './grants/mark-account-gone.ts';

export interface RereadOptions {
  /** What was read longer ago is read again. */
  readonly olderThanMs: number;
  readonly batchSize: number;
  /** Of one run: the rest waits for the next. */
  readonly accountsMax: number;
  readonly concurrency: number;
  /** Asks for no further account once it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** `unchanged`: it is as it was, or its platform has no way to say. `unread`: it could not be asked now. */
export type RereadOutcome = 'changed' | 'unchanged' | 'unread';
export type RereadAccounts = Readonly<Record<RereadOutcome, number>>;

/** One organization's slow server keeps so many waiting before others must wait for it. */
const pendingBatches = 10;

const dueAccountColumns = {
  id: column.text,
  organizationId: column.text,
  grantId: column.text,
  platform: PlatformId,
  externalId: column.text,
  handle: column.text,
  service: column.text,
};
type DueAccount = RowOf<typeof dueAccountColumns>;

const timeoutMs = 15_000;

/**
 * Asks the platforms what accounts are called now and what their servers allow: people rename themselves, servers change their limits.
 * An account is marked before it is asked for, so that one that never answers is asked as seldom as the others, and two runs ask once.
 */
export async function rereadAccounts(deps: TokenDependencies, options: RereadOptions): Promise<RereadAccounts> {
  const counts = { changed: 0, unchanged: 0, unread: 0 };
  let left = options.accountsMax;
  await workInShares<DueAccount>({
    placesMax: options.concurrency,
    pendingMax: pendingBatches * options.batchSize,
    async read() {
      const limit = Math.min(options.batchSize, left);
      const batch = limit === 0 ? [] : await deps.db.asWorker((tx) => takeDue(tx, options, limit));
      left -= batch.length;
      return batch;
    },
    sharesOf: ({ organizationId, service }) => [shareOfOrganization(organizationId), ...shareOfServer(service)],
    async work(account) {
      counts[await rereadOne(deps, account)] += 1;
    },
    signal: options.signal,
  });
  return counts;
}

async function takeDue(tx: Transaction, { olderThanMs }: RereadOptions, limit: number): Promise<DueAccount[]> {
  const rows = await queryRows(tx, dueAccountColumns)`
    update accounts a set profile_read_at = statement_timestamp()
    where a.id in (
      select due.id from accounts due join grants g on g.organization_id = due.organization_id and g.id = due.grant_id
      where due.status = 'active' and g.dead_at is null
        and due.profile_read_at <= statement_timestamp() - ${olderThanMs} * interval '1 millisecond'
      order by due.profile_read_at, due.id limit ${limit} for no key update of due skip locked)
    returning a.id, a.organization_id as "organizationId", a.grant_id as "grantId", a.platform, a.external_id as "externalId", a.handle, a.service`;
  return rows;
}

async function rereadOne(deps: TokenDependencies, account: DueAccount): Promise<RereadOutcome> {
  const adapter = deps.adapters[account.platform];
  if (adapter.readAccount === undefined) return 'unchanged';
  try {
    const token = await getValidToken(deps, account.grantId);
    if (token.kind !== 'valid') return 'unread';
    const known: AdapterAccount = { ...account, service: account.service === '' ? null : account.service };
    const profile = await adapter.readAccount({
      ...accessOf(token.credentials, known),
      endpoints: deps.endpoints(account.platform),
      http: deps.platformHttp(account.platform, { timeoutMs }),
      account: known,
    });
    if (profile.externalId !== account.externalId) return 'unread';
    return await deps.db.asWorker((tx) => storeProfile(tx, account, profile));
  } catch (error) {
    if (error instanceof PlatformError && error.accountGone !== null)
      await markAccountGone(deps, { ...account, accountId: account.id }, error.accountGone);
    const level = error instanceof PlatformError ? 'debug' : 'error';
    deps.logger[level](
      { err: error, accountId: account.id, platform: account.platform },
      'an account was not read again',
    );
    return 'unread';
  }
}

/** What a server does not tell any more stays as it was. */
async function storeProfile(tx: Transaction, { id }: DueAccount, profile: AccountProfile): Promise<RereadOutcome> {
  const rules = profile.serverRules === undefined ? null : JSON.stringify(profile.serverRules);
  const { rowCount } = await tx.execute(sql`
    update accounts set handle = ${profile.handle}, display_name = ${profile.displayName},
      server_rules = coalesce(${rules}::jsonb, server_rules), updated_at = clock_timestamp()
    where id = ${id}
      and (handle, display_name, server_rules) is distinct from
        (${profile.handle}::text, ${profile.displayName}::text, coalesce(${rules}::jsonb, server_rules))`);
  return (rowCount ?? 0) > 0 ? 'changed' : 'unchanged';
}
