import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { openGrant } from '../grants/open-grant.ts';
import { tellAccounts } from './tell-accounts.ts';

type EndingDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'keyRing' | 'logger' | 'signals'>;

/** Days ahead, the earlier first. */
const toldDays = { first: 14, last: 3 } as const;
const batchSize = 200;

const endingColumns = {
  id: column.text,
  organizationId: column.text,
  platform: PlatformId,
  credentials: column.text,
  /** As the database writes it: to the microsecond, and the place in the order. */
  endsAt: column.text,
  endsAtMs: column.number,
  days: column.number,
};
type EndingGrant = RowOf<typeof endingColumns>;

/**
 * Tells the people of a grant whose token ends and cannot be renewed, two weeks and three days ahead, once each: only they can connect the
 * account again. A token that lives shorter than that is renewed as a matter of course, and nobody is told.
 */
export async function tellEndingTokens(deps: EndingDependencies, signal?: AbortSignal): Promise<{ told: number }> {
  let told = 0;
  let after: EndingGrant | null = null;
  do {
    const batch = await findEnding(deps, after);
    for (const grant of batch) {
      if (signal?.aborted === true) break;
      if (endsForGood(deps, grant))
        told += await deps.db.asWorker((tx) => tell(tx, grant, deps.adapters[grant.platform].displayName));
    }
    after = batch.length === batchSize ? (batch.at(-1) ?? null) : null;
  } while (after !== null && signal?.aborted !== true);
  if (told > 0) deps.signals.eventsCommitted();
  return { told };
}

async function findEnding(deps: EndingDependencies, after: EndingGrant | null): Promise<EndingGrant[]> {
  const behind = after === null ? sql`true` : sql`(g.expires_at, g.id) > (${after.endsAt}::timestamptz, ${after.id})`;
  return deps.db.asWorker(
    (tx) => queryRows(tx, endingColumns)`
      select g.id, g.organization_id as "organizationId", g.platform, g.credentials, g.expires_at::text as "endsAt",
        floor(extract(epoch from g.expires_at) * 1000)::float8 as "endsAtMs", due.days
      from grants g cross join lateral (
        select case when g.expires_at <= statement_timestamp() + make_interval(days => ${toldDays.last}) then ${toldDays.last}::int else ${toldDays.first}::int end as days
      ) due
      where g.dead_at is null and g.expires_at > statement_timestamp()
        and g.expires_at <= statement_timestamp() + make_interval(days => ${toldDays.first})
        and g.expires_at - g.refreshed_at > make_interval(days => ${toldDays.last})
        and (g.ending_told_of is distinct from g.expires_at or g.ending_told_days > due.days)
        and exists (select 1 from accounts a where a.grant_id = g.id and a.status = 'active') and ${behind}
      order by g.expires_at, g.id limit ${batchSize}`,
  );
}

/** Asked for the time of its end: a token that may be renewed only from a certain age on is renewed by then. */
function endsForGood(deps: EndingDependencies, grant: EndingGrant): boolean {
  const credentials = openGrant(deps, grant, grant.credentials);
  if (credentials === null) return false;
  return deps.adapters[grant.platform].refresh?.isPossible(credentials, new Date(grant.endsAtMs)) !== true;
}

/** The mark is set in the same transaction, and only by one of two runs. @returns how many accounts it was told of */
async function tell(tx: Transaction, grant: EndingGrant, platformName: string): Promise<number> {
  const accounts = await queryRows(tx, { id: column.text, handle: column.text })`
    with marked as (
      update grants set ending_told_of = expires_at, ending_told_days = ${grant.days}
      where id = ${grant.id} and dead_at is null and expires_at = ${grant.endsAt}::timestamptz
        and (ending_told_of is distinct from expires_at or ending_told_days > ${grant.days})
      returning id
    )
    select a.id, a.handle from accounts a join marked on a.grant_id = marked.id where a.status = 'active' order by a.id`;
  const day = new Date(grant.endsAtMs).toISOString().slice(0, 10);
  const told = accounts.map(({ id, handle }) => ({
    id,
    title: `The access to ${handle} ends on ${day}`,
    body: `${platformName} gives no way to renew the access to ${handle} by itself. Connect the account again before ${day}; posts for it wait after that.`,
  }));
  await tellAccounts(tx, 'account_token_ending', told, { endsAt: new Date(grant.endsAtMs).toISOString() });
  return told.length;
}
