import { addApiKey } from '@vibetribe/db/testing/test-rows';
import { hashApiKey } from '@vibetribe/security/api-key';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ensureAdmin } from './ensure-admin.ts';
import { findKeyActor } from './find-principal.ts';
import { issueDemoKey } from './issue-demo-key.ts';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const admin = (email: string, password = 'first password') =>
  ensureAdmin(harness, { email, password, name: 'Admin', organizationName: 'Operators' });

const passwordHashOf = async (userId: string) => {
  const [row] = await harness.sql<{ password_hash: string }>('select password_hash from users where id = $1', [userId]);
  return row?.password_hash ?? '';
};

describe('the administrator', () => {
  test('is made once, however often and however concurrently it is ensured, whatever the case of the address', async () => {
    const made = await Promise.all([admin('Root@example.com'), admin('root@example.com'), admin('root@EXAMPLE.com')]);
    expect(new Set(made.map(({ userId }) => userId)).size).toBe(1);
    expect(new Set(made.map(({ organizationId }) => organizationId)).size).toBe(1);
    expect(await harness.sql(`select 1 from users where email = 'root@example.com' and service_admin`)).toHaveLength(1);
  });

  test('keeps its sessions and its hash while the password is the same', async () => {
    const { userId } = await admin('same@example.com');
    const before = await passwordHashOf(userId);
    await admin('same@example.com');
    expect(await passwordHashOf(userId)).toBe(before);
  });

  test('gets a new password where it differs, and its sessions end', async () => {
    const { userId, organizationId } = await admin('changed@example.com');
    await harness.sql(
      `insert into sessions (id, family_id, user_id, organization_id, token_hash, expires_at) values ('s1', 'f1', $1, $2, 'hash', now() + interval '1 day')`,
      [userId, organizationId],
    );
    await admin('changed@example.com', 'second password');
    expect(await harness.passwords.verify('second password', await passwordHashOf(userId))).toBe(true);
    expect(await harness.sql(`select 1 from sessions where id = 's1' and revoked_at is not null`)).toHaveLength(1);
  });

  test('takes nothing over from a stranger who had the address: password, sessions, keys, second factor and links of his end', async () => {
    const { userId, organizationId } = await admin('stranger@example.com', 'password of a stranger');
    await harness.sql('update users set service_admin = false where id = $1', [userId]);
    await addApiKey(harness.sql, { id: 'key_s', organizationId, userId, role: 'owner' });
    await harness.sql(`insert into totp_factors (user_id, secret_sealed, confirmed_at) values ($1, 'sealed', now())`, [
      userId,
    ]);
    await harness.sql(
      `insert into mailed_links (token_hash, purpose, email, user_id, expires_at)
       values ('link-of-a-stranger', 'email_change', 'evil@example.com', $1, now() + interval '1 hour')`,
      [userId],
    );
    await admin('stranger@example.com', 'password of the operator');
    expect(await harness.sql(`select 1 from api_keys where id = 'key_s' and revoked_at is not null`)).toHaveLength(1);
    expect(await harness.sql('select 1 from totp_factors where user_id = $1', [userId])).toEqual([]);
    expect(await harness.sql('select 1 from mailed_links where user_id = $1', [userId])).toEqual([]);
  });

  test('an ordinary user who has the address becomes a service admin and owns an organization again', async () => {
    const { userId } = await admin('member@example.com');
    await harness.sql('update users set service_admin = false where id = $1', [userId]);
    await harness.sql('delete from memberships where user_id = $1', [userId]);
    const { organizationId } = await admin('member@example.com');
    expect(
      await harness.sql(`select 1 from memberships where user_id = $1 and organization_id = $2 and role = 'owner'`, [
        userId,
        organizationId,
      ]),
    ).toHaveLength(1);
  });
});

describe('the demo key', () => {
  test('opens everything, and each new one ends the one before', async () => {
    const owner = await admin('demo@example.com');
    const find = (key: string) => harness.db.asIdentity((tx) => findKeyActor(tx, { hash: hashApiKey(key) }));
    const first = await issueDemoKey(harness, owner);
    expect(await find(first.key)).toMatchObject({
      ...owner,
      role: 'owner',
      serviceAdmin: true,
      scopes: ['read', 'write', 'admin', 'ops'],
    });
    const second = await issueDemoKey(harness, owner);
    expect(await find(first.key)).toBeNull();
    expect(await find(second.key)).not.toBeNull();
  });
});
