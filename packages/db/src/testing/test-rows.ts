import { getTableColumns, getTableName } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { newId } from '../new-id.ts';
import { accounts, grants } from '../schema/accounts.ts';
import { notifications } from '../schema/events.ts';
import { apiKeys, memberships, organizations, users } from '../schema/identity.ts';
import { mediaQuotas } from '../schema/media.ts';
import { posts } from '../schema/posts.ts';
import { attempts, publications } from '../schema/publications.ts';
import { breakers, pauses } from '../schema/service.ts';

/** A statement as the database's owner, outside row-level security. */
export type OwnerSql = (text: string, values?: unknown[]) => Promise<unknown>;

type Fields<Table extends PgTable> = Partial<Table['$inferInsert']>;
type Owned<Table extends PgTable> = Fields<Table> & { readonly organizationId: string };

/** One that exists already is left as it is. */
export async function addOrganization(sql: OwnerSql, fields: Fields<typeof organizations> = {}): Promise<string> {
  const id = fields.id ?? newId('organization');
  await insertRow(sql, organizations, { name: 'Organization', ...fields, id }, 'on conflict do nothing');
  return id;
}

/** A user who cannot sign in, as a member of the organization. */
export async function addMember(
  sql: OwnerSql,
  { organizationId, role = 'admin' }: { organizationId: string; role?: 'owner' | 'admin' | 'editor' | 'viewer' },
): Promise<string> {
  const id = newId('user');
  await insertRow(sql, users, { id, email: `${id}@example.org`, name: id, passwordHash: 'none' });
  await addMembership(sql, { organizationId, userId: id, role });
  return id;
}

/** A user who is there already becomes a member. */
export function addMembership(sql: OwnerSql, fields: typeof memberships.$inferInsert): Promise<void> {
  return insertRow(sql, memberships, fields);
}

/** A key that nobody knows, of an admin. */
export async function addApiKey(sql: OwnerSql, fields: Owned<typeof apiKeys>): Promise<string> {
  const id = fields.id ?? newId('apiKey');
  const unknown = { name: 'key', keyHash: id, last4: 'last', role: 'admin' as const, scopes: ['admin'] };
  await insertRow(sql, apiKeys, { ...unknown, ...fields, id });
  return id;
}

/** A grant on X whose credentials nobody can open unless they are given. */
export async function addGrant(sql: OwnerSql, fields: Owned<typeof grants>): Promise<string> {
  const id = fields.id ?? newId('grant');
  await insertRow(sql, grants, { platform: 'x', credentials: 'sealed', ...fields, id });
  return id;
}

/** An account on X. It gets a grant of its own unless it names one. */
export async function addAccount(
  sql: OwnerSql,
  fields: Owned<typeof accounts>,
): Promise<{ accountId: string; grantId: string }> {
  const accountId = fields.id ?? newId('account');
  const { organizationId, platform = 'x', service } = fields;
  const grantId = fields.grantId ?? (await addGrant(sql, { organizationId, platform, service: service ?? null }));
  const shown = { platform, externalId: accountId, handle: 'someone', displayName: 'Someone' };
  await insertRow(sql, accounts, { ...shown, ...fields, id: accountId, grantId });
  return { accountId, grantId };
}

export async function addPost(sql: OwnerSql, fields: Owned<typeof posts>): Promise<string> {
  const id = fields.id ?? newId('post');
  await insertRow(sql, posts, { content: 'Hello', ...fields, id });
  return id;
}

/** A publication on X, scheduled without a time unless the fields say more. */
export async function addPublication(
  sql: OwnerSql,
  fields: Owned<typeof publications> & { readonly postId: string; readonly accountId: string },
): Promise<string> {
  const id = fields.id ?? newId('publication');
  await insertRow(sql, publications, { platform: 'x', status: 'scheduled', ...fields, id });
  return id;
}

/** A send that has ended. */
export async function addAttempt(
  sql: OwnerSql,
  fields: Owned<typeof attempts> & { readonly publicationId: string; readonly accountId: string },
): Promise<string> {
  const id = fields.id ?? newId('attempt');
  const now = new Date();
  const sent = { platform: 'x', step: 'publish', number: 1, fence: 1, startedAt: now, endedAt: now };
  await insertRow(sql, attempts, { ...sent, ...fields, id });
  return id;
}

/** Of the whole service unless the fields say whose. */
export async function addPause(sql: OwnerSql, fields: Fields<typeof pauses> = {}): Promise<string> {
  const id = fields.id ?? newId('pause');
  await insertRow(sql, pauses, { reason: 'crisis', ...fields, id });
  return id;
}

/** Of the whole platform unless the fields name a server. */
export function addBreaker(
  sql: OwnerSql,
  fields: Fields<typeof breakers> & { readonly platform: string },
): Promise<void> {
  return insertRow(sql, breakers, { key: fields.platform, ...fields });
}

/** Without the event that tells of it. */
export async function addNotification(sql: OwnerSql, fields: Owned<typeof notifications>): Promise<string> {
  const id = fields.id ?? newId('notification');
  await insertRow(sql, notifications, { kind: 'post_failed', title: 'Failed', body: 'Why', ...fields, id });
  return id;
}

export function setMediaQuota(sql: OwnerSql, fields: typeof mediaQuotas.$inferInsert): Promise<void> {
  return insertRow(sql, mediaQuotas, fields);
}

async function insertRow<Table extends PgTable>(
  sql: OwnerSql,
  table: Table,
  fields: Table['$inferInsert'],
  onConflict = '',
): Promise<void> {
  const columns = getTableColumns(table);
  const set = Object.entries(fields as Record<string, unknown>).flatMap(([name, value]) => {
    const column = columns[name];
    if (column === undefined) throw new Error(`there is no column for ${name}`);
    return value === undefined
      ? []
      : [{ name: column.name, value: value === null ? null : column.mapToDriverValue(value) }];
  });
  const names = set.map(({ name }) => name).join(', ');
  const places = set.map((_, index) => `$${index + 1}`).join(', ');
  await sql(
    `insert into ${getTableName(table)} (${names}) values (${places}) ${onConflict}`,
    set.map(({ value }) => value),
  );
}
