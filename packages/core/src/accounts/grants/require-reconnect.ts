import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { type SQL, sql } from 'drizzle-orm';

/** An account that its people have to connect again, as they are told of it. */
const stoppedAccountColumns = {
  id: column.text,
  organizationId: column.text,
  platform: column.text,
  handle: column.text,
};
export type StoppedAccount = RowOf<typeof stoppedAccountColumns>;

export interface Told {
  readonly title: string;
  readonly body: string;
}

/** Of an account that is not there, whatever it once granted. @param accountGone as `PlatformError` tells it */
export function toldGone({ handle }: StoppedAccount, platformName: string, accountGone: string): Told {
  return {
    title: `${handle} ${accountGone}, says ${platformName}`,
    body: `${platformName} says that the account ${handle} ${accountGone}. Posts for this account wait until it is connected again.`,
  };
}

/**
 * Active accounts need to be connected again, and their people are told, once. Their rows are locked by an earlier statement.
 * @param which of `accounts`
 * @returns how many there were
 */
export async function requireReconnect(
  tx: Transaction,
  which: SQL,
  tell: (account: StoppedAccount) => Told,
): Promise<number> {
  const accounts = await queryRows(tx, stoppedAccountColumns)`
    update accounts set status = 'needs_reauth', updated_at = clock_timestamp() where ${which} and status = 'active'
    returning id, organization_id as "organizationId", platform, handle`;
  const told = accounts.map((account) => ({ ...account, notificationId: newId('notification'), ...tell(account) }));
  if (told.length === 0) return 0;
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
  return told.length;
}
