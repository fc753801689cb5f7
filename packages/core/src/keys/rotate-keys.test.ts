import { randomBytes } from 'node:crypto';
import { openMigratedDatabase, type MigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addGrant, addMember, addOrganization } from '@vibetribe/db/testing/test-rows';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { clientContext } from '../accounts/connect/client-for-server.ts';
import { openCredentials, sealCredentials } from '../accounts/grants/seal-credentials.ts';
import { openTotpSecret, sealTotpSecret } from '../identity/totp-secret.ts';
import { mailOf, openMail, sealMail } from '../mail/mail-content.ts';
import { rotateKeys } from './rotate-keys.ts';

const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [oldKey, newKey] = [keyOf('old'), keyOf('new')];
const before = createKeyRing(oldKey);
const after = createKeyRing(`${newKey},${oldKey}`);
const credentials = { accessToken: 'a', refreshToken: 'r', accountTokens: { page: 'p' }, scopes: ['read'] };

let database: MigratedDatabase;
beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
});
afterAll(() => database[Symbol.asyncDispose]());

async function addSealed(
  organizationId: string,
  keyRing: typeof before,
): Promise<{ id: string; organizationId: string }> {
  const id = await addGrant(database.sql, { organizationId, credentials: '' });
  const sealed = sealCredentials(keyRing, { id, organizationId }, credentials);
  await database.sql('update grants set credentials = $1 where id = $2', [sealed, id]);
  return { id, organizationId };
}

const rotate = (keyRing: typeof before, signal = new AbortController().signal) =>
  rotateKeys({ db: database.db, keyRing }, { writingKeyId: 'new', signal });

test('every grant is sealed under the writing key, with the same credentials, and a second run has nothing to do', async () => {
  const organizationId = await addOrganization(database.sql);
  const grants = [];
  for (let count = 0; count < 450; count += 1) grants.push(await addSealed(organizationId, before));
  await addGrant(database.sql, { organizationId, credentials: '' });
  expect(await rotate(after)).toEqual({ rotated: 450, unreadable: 0, byKey: { new: 450 } });
  expect(await rotate(after)).toEqual({ rotated: 0, unreadable: 0, byKey: { new: 450 } });
  const onlyNew = createKeyRing(newKey);
  for (const grant of grants.slice(0, 5)) {
    const [row] = await database.sql<{ credentials: string }>('select credentials from grants where id = $1', [
      grant.id,
    ]);
    expect(openCredentials(onlyNew, grant, row?.credentials ?? '')).toEqual(credentials);
  }
  await database.sql('delete from grants');
});

test('second factors and mails that wait are sealed anew with the others', async () => {
  const userId = await addMember(database.sql, { organizationId: await addOrganization(database.sql) });
  const content = mailOf({ subject: 'S', paragraphs: ['P'] });
  await database.sql('insert into totp_factors (user_id, secret_sealed) values ($1, $2)', [
    userId,
    sealTotpSecret(before, userId, 'JBSWY3DPEHPK3PXP'),
  ]);
  await database.sql(
    `insert into mails (id, kind, recipient, sealed, expires_at) values ('mai_1', 'k', 'r', $1, now() + interval '1 hour')`,
    [sealMail(before, 'mai_1', content)],
  );
  expect(await rotate(after)).toEqual({ rotated: 2, unreadable: 0, byKey: { new: 2 } });
  const onlyNew = createKeyRing(newKey);
  const [row] = await database.sql<{ secret: string; mail: string }>(
    'select (select secret_sealed from totp_factors) as secret, (select sealed from mails) as mail',
  );
  expect(openTotpSecret(onlyNew, userId, row?.secret ?? '')).toBe('JBSWY3DPEHPK3PXP');
  expect(openMail(onlyNew, 'mai_1', row?.mail ?? '')).toEqual(content);
  await database.sql('delete from totp_factors');
  await database.sql('delete from mails');
});

test('what no key opens stays as it is and is told', async () => {
  const organizationId = await addOrganization(database.sql);
  await addSealed(organizationId, createKeyRing(keyOf('lost')));
  await addSealed(organizationId, before);
  expect(await rotate(after)).toEqual({ rotated: 1, unreadable: 1, byKey: { lost: 1, new: 1 } });
  await database.sql('delete from grants');
});

test('as whom we come to servers of users’ choice is sealed anew too, though it is no organization’s', async () => {
  const client = JSON.stringify({ id: 'app', secret: 's3cret' });
  const id = 'a server';
  await database.sql(
    `insert into server_clients (id, platform, server, client_sealed) values ($1, 'mastodon', 'https://a.example', $2)`,
    [id, before.seal(client, clientContext(id))],
  );
  expect(await rotate(after)).toEqual({ rotated: 1, unreadable: 0, byKey: { new: 1 } });
  const [row] = await database.sql<{ sealed: string }>('select client_sealed as sealed from server_clients');
  expect(createKeyRing(newKey).open(row?.sealed ?? '', clientContext(id))).toBe(client);
  await database.sql('delete from server_clients');
});

test('an interrupted run is finished by the next one', async () => {
  const organizationId = await addOrganization(database.sql);
  for (let count = 0; count < 20; count += 1) await addSealed(organizationId, before);
  const stopping = new AbortController();
  let seals = 0;
  const interrupted: typeof after = {
    ...after,
    seal: (text, context) => {
      seals += 1;
      if (seals === 7) stopping.abort();
      return after.seal(text, context);
    },
  };
  await expect(rotate(interrupted, stopping.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(await rotate(after)).toEqual({ rotated: 13, unreadable: 0, byKey: { new: 20 } });
  await database.sql('delete from grants');
});

test('credentials that a refresh writes meanwhile are not overwritten', async () => {
  const organizationId = await addOrganization(database.sql);
  const grant = await addSealed(organizationId, before);
  const refreshed = sealCredentials(after, grant, { ...credentials, accessToken: 'fresh' });
  const refresh = new pg.Client({ connectionString: database.url });
  await refresh.connect();
  try {
    await refresh.query('begin');
    await refresh.query('update grants set credentials = $1 where id = $2', [refreshed, grant.id]);
    // It has read the old credentials and waits for the row.
    const rotation = rotate(after);
    await waitFor(async () => (await waitingForLocks()) > 0, { describe: 'the rotation waits for the refresh' });
    await refresh.query('commit');
    expect(await rotation).toMatchObject({ rotated: 0 });
  } finally {
    await refresh.end();
  }
  const [row] = await database.sql<{ credentials: string }>('select credentials from grants where id = $1', [grant.id]);
  expect(openCredentials(after, grant, row?.credentials ?? '').accessToken).toBe('fresh');
});

async function waitingForLocks(): Promise<number> {
  const [row] = await database.sql<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
