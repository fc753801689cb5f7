import type { NotificationKind } from '@vibetribe/contracts/notification';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { sql } from 'drizzle-orm';

/** Notifies the people of each account, and their clients, in one statement. `data` goes with each notification. */
export async function tellAccounts(
  tx: Transaction,
  kind: NotificationKind,
  accounts: readonly { readonly id: string; readonly title: string; readonly body: string }[],
  data: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (accounts.length === 0) return;
  const told = accounts.map((account) => ({ ...account, notificationId: newId('notification') }));
  await tx.execute(sql`
    with told as (
      select a.organization_id, a.platform, t.* from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as t(
        id text, "notificationId" text, title text, body text) join accounts a on a.id = t.id
    ), notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      select "notificationId", organization_id, ${kind}::text, title, body,
        jsonb_build_object('accountId', id, 'platform', platform) || ${JSON.stringify(data)}::jsonb from told
    )
    insert into events (organization_id, type, message, data)
    select organization_id, 'notification.created', title,
      jsonb_build_object('notificationId', "notificationId", 'kind', ${kind}::text, 'body', body) from told`);
}
