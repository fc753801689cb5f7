import { newId } from '@vibetribe/db/new-id';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';

interface DeadAccount extends Record<string, unknown> {
  id: string;
  organizationId: string;
  platform: string;
  handle: string;
}

/**
 * The platform has said that the grant is dead: its accounts need to be connected again and their people are told, once.
 * @param grant `refreshFence` as it was when the platform was asked; a grant that was refreshed since then stays alive
 * @param platformName for the notification
 * @returns whether this call is the one that ended it
 */
export async function markGrantDead(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  grant: { readonly id: string; readonly refreshFence: number },
  platformName: string,
): Promise<boolean> {
  const ended = await deps.db.asWorker(async (tx) => {
    // Accounts before grants, as whoever connects or disconnects them: in the other order the two could wait for each other.
    await tx.execute(sql`select 1 from accounts where grant_id = ${grant.id} order by id for no key update`);
    const { rowCount } = await tx.execute(sql`
      update grants set dead_at = clock_timestamp(), refresh_until = null
      where id = ${grant.id} and refresh_fence = ${grant.refreshFence} and dead_at is null`);
    if (rowCount !== 1) return false;
    const { rows: accounts } = await tx.execute<DeadAccount>(sql`
      update accounts set status = 'needs_reauth', updated_at = clock_timestamp()
      where grant_id = ${grant.id} and status = 'active'
      returning id, organization_id as "organizationId", platform, handle`);
    const told = accounts.map((account) => ({
      ...account,
      notificationId: newId('notification'),
      title: `${account.handle} needs to be connected again`,
      body: `${platformName} no longer accepts what it once granted for ${account.handle}. Posts for this account wait until it is connected again.`,
    }));
    await tx.execute(sql`
      with told as (
        select * from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as t(
          id text, "organizationId" text, platform text, handle text, "notificationId" text, title text, body text)
      ), notified as (
        insert into notifications (id, organization_id, kind, title, body, data)
        select "notificationId", "organizationId", 'account_needs_reauth', title, body,
          jsonb_build_object('accountId', id, 'platform', platform) from told
      )
      insert into events (organization_id, type, message, data)
      select "organizationId", 'account.needs_reauth', title, jsonb_build_object('accountId', id, 'platform', platform) from told
      union all
      select "organizationId", 'notification.created', title,
        jsonb_build_object('notificationId', "notificationId", 'kind', 'account_needs_reauth', 'body', body) from told`);
    return true;
  });
  if (ended) deps.signals.eventsCommitted();
  return ended;
}
