import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newId } from './new-id.ts';
import { posts } from './schema/posts.ts';
import { organizations, users } from './schema/identity.ts';
import { openMigratedDatabase, type MigratedDatabase } from './testing/migrated-database.ts';

const logins = ['superuser', 'ordinary'] as const;

describe.each(logins)('tenants of a database whose owner is %s', (login) => {
  let database: MigratedDatabase;
  const one = newId('organization');
  const other = newId('organization');
  beforeAll(async () => {
    database = await openMigratedDatabase(inject('postgresUrl'), login);
    await database.db.asIdentity(async (tx) => {
      for (const id of [one, other]) await tx.insert(organizations).values({ id, name: id });
    });
    for (const organizationId of [one, other]) {
      await database.db.asTenant(organizationId, (tx) =>
        tx.insert(posts).values({ id: `pst_${organizationId}`, organizationId, content: 'Hello' }),
      );
    }
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const codeOf = async (work: Promise<unknown>) => {
    try {
      await work;
      return null;
    } catch (error) {
      return error instanceof Error && error.cause instanceof Error ? Reflect.get(error.cause, 'code') : error;
    }
  };

  test('see their own rows and no others', async () => {
    const seen = await database.db.asTenant(one, (tx) => tx.select({ id: posts.id }).from(posts));
    expect(seen).toEqual([{ id: `pst_${one}` }]);
    const organizationsSeen = await database.db.asTenant(one, (tx) =>
      tx.select({ id: organizations.id }).from(organizations),
    );
    expect(organizationsSeen).toEqual([{ id: one }]);
  });

  test('cannot write into another organization, nor move a row there, nor touch one that is there', async () => {
    const insert = database.db.asTenant(one, (tx) =>
      tx.insert(posts).values({ id: newId('post'), organizationId: other, content: 'x' }),
    );
    expect(await codeOf(insert)).toBe('42501');
    const move = database.db.asTenant(one, (tx) => tx.update(posts).set({ organizationId: other }));
    expect(await codeOf(move)).toBe('42501');
    const touched = await database.db.asTenant(one, (tx) =>
      tx
        .update(posts)
        .set({ content: 'mine' })
        .where(sql`id = ${`pst_${other}`}`)
        .returning(),
    );
    expect(touched).toEqual([]);
    const removed = await database.db.asTenant(one, (tx) =>
      tx
        .delete(posts)
        .where(sql`id = ${`pst_${other}`}`)
        .returning(),
    );
    expect(removed).toEqual([]);
  });

  test('are nobody without a context: a bare connection sees no row', async () => {
    const { rows } = await database.db.pool.query('select count(*)::int as n from posts');
    expect(rows).toEqual([{ n: 0 }]);
    expect(await database.db.asTenant('', (tx) => tx.select({ id: posts.id }).from(posts))).toEqual([]);
  });

  test('leave nothing of their context behind on the connection', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => database.db.asTenant(one, (tx) => tx.select({ id: posts.id }).from(posts))),
    );
    await codeOf(database.db.asWorker((tx) => tx.execute(sql`select 1 / 0`)));
    const { rows } = await database.db.pool.query(
      `select current_setting('app.organization_id', true) as organization, current_user as role`,
    );
    expect(rows).toEqual([{ organization: '', role: 'vibetribe_tenant' }]);
  });

  test('are all seen by workers, who cannot see users', async () => {
    expect(await database.db.asWorker((tx) => tx.select({ id: posts.id }).from(posts))).toHaveLength(2);
    expect(await codeOf(database.db.asWorker((tx) => tx.select({ id: users.id }).from(users)))).toBe('42501');
  });

  test('are found before they are known, by a role that cannot see what they keep', async () => {
    expect(await database.db.asIdentity((tx) => tx.select({ id: organizations.id }).from(organizations))).toHaveLength(
      2,
    );
    expect(await codeOf(database.db.asIdentity((tx) => tx.select({ id: posts.id }).from(posts)))).toBe('42501');
  });
});
