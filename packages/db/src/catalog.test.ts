import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as accounts from './schema/accounts.ts';
import * as events from './schema/events.ts';
import * as identity from './schema/identity.ts';
import * as mails from './schema/mails.ts';
import * as media from './schema/media.ts';
import * as metrics from './schema/metrics.ts';
import * as notificationMessages from './schema/notification-messages.ts';
import * as posts from './schema/posts.ts';
import * as publications from './schema/publications.ts';
import * as service from './schema/service.ts';
import * as totp from './schema/totp.ts';
import * as webhooks from './schema/webhooks.ts';
import { openMigratedDatabase, type MigratedDatabase } from './testing/migrated-database.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
});
afterAll(() => database[Symbol.asyncDispose]());

/** Tables that belong to no tenant: everyone's, or the service's own. */
const sharedTables = [
  'app_limits',
  'breakers',
  'cron_runs',
  'event_log',
  'metric_costs',
  'metric_definitions',
  'notification_feed',
  'processed_record',
  'publisher_presence',
  'schema_migrations',
  'server_clients',
  'service_settings',
  'webhook_feed',
];
const roles = ['vibetribe_identity', 'vibetribe_tenant', 'vibetribe_worker'];

describe('row-level security', () => {
  test('is on and forced for every table, except those that are named as shared', async () => {
    const open = await database.sql<{ name: string }>(
      `select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity) order by 1`,
    );
    expect(open.map(({ name }) => name)).toEqual(sharedTables);
  });

  test('lets tenants read and write by their organization only, in every table that has one', async () => {
    const tables = await database.sql<{ name: string }>(
      `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'organization_id' order by 1`,
    );
    expect(tables.length).toBeGreaterThan(14);
    const policies = await database.sql<{ name: string; cmd: string; reads: string; writes: string }>(
      `select tablename as name, cmd, qual as reads, with_check as writes from pg_policies
       where schemaname = 'public' and roles = '{vibetribe_tenant}' and policyname = 'tenant'`,
    );
    for (const { name } of tables) {
      const policy = policies.find((candidate) => candidate.name === name);
      expect(policy?.cmd, name).toBe('ALL');
      expect(policy?.reads, name).toMatch(/^\(organization_id = \( SELECT current_organization_id\(\)/);
      expect(policy?.writes, name).toBe(policy?.reads);
    }
  });

  test('is bypassed, owned or inherited by none of our roles, and none can log in', async () => {
    const found = await database.sql(
      `select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
        (select count(*)::int from pg_class c where c.relowner = r.oid) as owned,
        (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships
       from pg_roles r where rolname like 'vibetribe\\_%' order by 1`,
    );
    const powerless = {
      rolsuper: false,
      rolbypassrls: false,
      rolcanlogin: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owned: 0,
      memberships: 0,
    };
    expect(found).toEqual(roles.map((rolname) => ({ rolname, ...powerless })));
  });

  test('shows the identity role no posts, grants or media, and the tenant role no password hash', async () => {
    const may = async (role: string, table: string) =>
      (
        await database.sql<{ may: boolean }>('select has_table_privilege($1, $2, $3) as may', [role, table, 'select'])
      )[0]?.may;
    for (const table of [
      'posts',
      'publications',
      'grants',
      'accounts',
      'media',
      'events',
      'notifications',
      'idempotency_keys',
    ]) {
      expect(await may('vibetribe_identity', table), table).toBe(false);
    }
    const [column] = await database.sql<{ may: boolean }>(
      `select has_column_privilege('vibetribe_tenant', 'users', 'password_hash', 'select') as may`,
    );
    expect(column?.may).toBe(false);
    expect(await may('vibetribe_worker', 'users')).toBe(false);
  });

  test("is not undone by functions that run with their owner's rights", async () => {
    expect(
      await database.sql(`select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace`),
    ).toEqual([]);
  });

  test("is not looked past by keys: unique and foreign keys between tenants' tables carry the organization", async () => {
    const loose = await database.sql(
      `select conrelid::regclass::text as name, pg_get_constraintdef(c.oid) as definition from pg_constraint c
       where contype = 'f' and connamespace = 'public'::regnamespace
         and exists (select 1 from pg_attribute where attrelid = conrelid and attname = 'organization_id')
         and exists (select 1 from pg_attribute where attrelid = confrelid and attname = 'organization_id')
         and pg_get_constraintdef(c.oid) not like '%organization_id%' order by 1`,
    );
    // Tickets are made and used up through the identity role, with a key the server chose itself.
    expect(loose).toEqual([
      { name: 'live_tickets', definition: 'FOREIGN KEY (api_key_id) REFERENCES api_keys(id) ON DELETE CASCADE' },
    ]);
  });
});

describe('the schema in code', () => {
  const modules = [
    accounts,
    events,
    identity,
    mails,
    media,
    metrics,
    notificationMessages,
    posts,
    publications,
    service,
    totp,
    webhooks,
  ];
  const tables = modules.flatMap((module) => Object.values(module)).filter((value) => value instanceof PgTable);

  test.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
    '%s has the columns of the database, as they are there',
    async (name, table) => {
      const wanted = await database.sql(
        `select column_name as name, format_type(atttypid, null) as type, is_nullable = 'NO' as "notNull"
         from information_schema.columns join pg_attribute on attrelid = ('public.' || quote_ident(table_name))::regclass and attname = column_name
         where table_schema = 'public' and table_name = $1 order by 1`,
        [name],
      );
      const columns = getTableConfig(table)
        .columns.map((column) => ({ name: column.name, type: column.getSQLType(), notNull: column.notNull }))
        .toSorted((one, other) => (one.name < other.name ? -1 : 1));
      expect(columns).toEqual(wanted);
    },
  );

  test("names every table but the migrations' own and the settings", async () => {
    const found = await database.sql<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    );
    const named = tables.map((table) => getTableConfig(table).name);
    expect(found.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([
      'schema_migrations',
      'service_settings',
    ]);
  });
});
