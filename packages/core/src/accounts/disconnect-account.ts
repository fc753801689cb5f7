import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { decideAndWrite, lockPublications } from '../publishing/store/decide-and-write.ts';
import type { Moved, TimelineEntry } from '../publishing/state/transition.ts';
import { visibleTo } from './read/account-row.ts';
import { type DestroyedGrant, destroyedGrantColumns, revokeGrant } from './grants/revoke-grant.ts';

/**
 * Ends an account: what was scheduled for it is canceled, its credentials are destroyed unless they open another account, and the
 * platform is asked to forget the grant. Its past posts keep their history. What is being sent right now cannot be stopped;
 * if it fails it is not sent again, and if it is in doubt a person decides.
 * @throws DomainError `not_found`
 */
export async function disconnectAccount(
  deps: Pick<
    CoreDependencies,
    'db' | 'keyRing' | 'clock' | 'logger' | 'signals' | 'adapters' | 'endpoints' | 'platformHttp'
  >,
  actor: Actor,
  { accountId }: { readonly accountId: string },
): Promise<void> {
  let destroyed: DestroyedGrant | null = null;
  const disconnecting = deps.db.asTenant(actor.organizationId, async (tx) => {
    const accounts = await lockAccountsOfGrant(tx, actor, accountId);
    const account = accounts.find(({ id }) => id === accountId);
    if (account === undefined) throw notFound('account');
    if (account.status === 'disconnected') return;
    await tx.execute(
      sql`update accounts set status = 'disconnected', updated_at = clock_timestamp() where id = ${accountId}`,
    );
    await cancelPublications(tx, accountId);
    const isLast = accounts.every(({ id, status }) => id === accountId || status === 'disconnected');
    if (isLast) destroyed = await destroyGrant(tx, account.grantId);
  });
  await disconnecting.catch(async (error: unknown) => {
    // The commit may stand although its answer was lost, and nobody else has the credentials any more.
    if (destroyed !== null && (await isDestroyed(deps, destroyed))) await revokeGrant(deps, destroyed);
    throw error;
  });
  deps.signals.eventsCommitted();
  if (destroyed !== null) await revokeGrant(deps, destroyed);
}

const lockedAccountColumns = {
  id: column.text,
  grantId: column.text,
  status: column.text,
};
type LockedAccount = RowOf<typeof lockedAccountColumns>;

/** All accounts of the account's grant, locked in the order of their ids; none where the actor sees no such account. */
async function lockAccountsOfGrant(tx: Transaction, actor: Actor, accountId: string): Promise<LockedAccount[]> {
  for (;;) {
    const visible = await queryRows(tx, {
      grantId: column.text,
    })`select a.grant_id as "grantId" from accounts a where a.id = ${accountId} and ${visibleTo(actor)}`;
    const [account] = visible;
    if (account === undefined) return [];
    const rows = await queryRows(tx, lockedAccountColumns)`
      select id, grant_id as "grantId", status from accounts where grant_id = ${account.grantId} order by id for no key update`;
    // Not among them where it was connected anew while its lock was waited for.
    if (rows.some(({ id }) => id === accountId)) return rows;
  }
}

/** Drafts stay: scheduling them is refused until the account is connected again. */
async function cancelPublications(tx: Transaction, accountId: string): Promise<void> {
  const open = await queryRows(tx, { id: column.text })`
    select id from publications
    where account_id = ${accountId} and listed_as = any(${sql.param(['scheduled', 'publishing', 'retrying', ...WaitingReason.options])}::text[])`;
  const rows = await lockPublications(
    tx,
    open.map(({ id }) => id),
  );
  await decideAndWrite(tx, rows, ({ status }) => (status === 'draft' ? null : { type: 'cancel' }), explained);
}

/** What else is told with it keeps its own words. */
function explained(canceled: Moved): Moved {
  const explain = (event: TimelineEntry): TimelineEntry =>
    event.type === 'publication.canceled'
      ? {
          ...event,
          message: 'Canceled, because its account was disconnected; it will not appear.',
          data: { ...event.data, reason: 'account_disconnected' },
        }
      : event;
  return { ...canceled, events: canceled.events.map(explain) };
}

async function destroyGrant(tx: Transaction, grantId: string): Promise<DestroyedGrant | null> {
  const rows = await queryRows(tx, destroyedGrantColumns)`
    with held as (select id, credentials from grants where id = ${grantId} for update)
    update grants g set credentials = '', expires_at = null, scopes = '{}', refresh_until = null, refresh_fence = refresh_fence + 1,
      dead_at = coalesce(dead_at, clock_timestamp())
    from held where g.id = held.id
    returning g.id, g.organization_id as "organizationId", g.platform, held.credentials as "sealedCredentials", g.granted_by as "grantedBy"`;
  return rows[0] ?? null;
}

async function isDestroyed(
  { db }: Pick<CoreDependencies, 'db'>,
  { id, organizationId }: DestroyedGrant,
): Promise<boolean> {
  const reading = db.lasting.asTenant(organizationId, (tx) =>
    tx.execute(sql`select 1 from grants where id = ${id} and credentials = ''`),
  );
  return reading.then(
    ({ rows }) => rows.length > 0,
    () => false,
  );
}
