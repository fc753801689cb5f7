import { NotificationKind } from '@vibetribe/contracts/notification';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { StoredEvents } from './preferences.ts';

/** @throws DomainError `link_invalid` */
export async function checkUnsubscribe(
  { db }: Pick<CoreDependencies, 'db'>,
  key: string,
): Promise<{ organizationName: string }> {
  return db.asIdentity((tx) => readPreferences(tx, key));
}

/** Ends the mails of one member about one organization; they come back by the preferences. @throws DomainError `link_invalid` */
export async function unsubscribe(
  { db }: Pick<CoreDependencies, 'db'>,
  key: string,
): Promise<{ organizationName: string }> {
  return db.asIdentity(async (tx) => {
    const { id, events, organizationName } = await readPreferences(tx, key);
    const without = Object.fromEntries(
      NotificationKind.options.map((kind) => [kind, { ...events[kind], email: 'off' }]),
    );
    await tx.execute(sql`
      update notification_preferences set events = ${JSON.stringify(without)}::jsonb, updated_at = clock_timestamp() where id = ${id}`);
    return { organizationName };
  });
}

async function readPreferences(tx: Transaction, key: string) {
  const shape = { id: column.text, events: StoredEvents, organizationName: column.text };
  const [found] = await queryRows(tx, shape)`
    select p.id, p.events, o.name as "organizationName" from notification_preferences p join organizations o on o.id = p.organization_id
    where p.unsubscribe_key = ${key} for no key update of p`;
  if (found === undefined)
    throw new DomainError('link_invalid', 'The link is unknown: nothing is mailed for it any more.');
  return found;
}
