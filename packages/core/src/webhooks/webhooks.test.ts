import { addAccount, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { rotateKeys } from '../keys/rotate-keys.ts';
import { claimDeliveries } from './claim-deliveries.ts';
import { replayDelivery, testWebhook } from './deliveries.ts';
import { createWebhook, deleteWebhook, getWebhook, rotateWebhookSecret, updateWebhook } from './manage-webhooks.ts';
import { newSealingKey, openWebhookHarness, type Received, verified, type WebhookHarness } from './test-webhooks.ts';

const [oldKey, newKey] = [newSealingKey('old'), newSealingKey('new')];
let harness: WebhookHarness;
beforeAll(async () => {
  harness = await openWebhookHarness(inject('postgresUrl'), oldKey);
});
afterEach(() => harness.clear());
afterAll(() => harness[Symbol.asyncDispose]());

test('what happens is sent once to each webhook that asked, signed, numbered, and to no other organization', async () => {
  const [mine, theirs] = [await harness.newActor(), await harness.newActor()];
  await harness.happen(mine.organizationId, 'token.refreshed', { before: true });
  const all = await harness.add(mine, '/all', ['publication.*', 'account.needs_reauth', 'token.refreshed']);
  const sockets = await harness.add(mine, '/sockets', ['post-status-update', 'notification']);
  await harness.add(theirs, '/theirs', ['token.refreshed', 'publication.*']);
  const { accountId } = await addAccount(harness.database.sql, { organizationId: mine.organizationId });
  const postId = await addPost(harness.database.sql, { organizationId: mine.organizationId });
  const publicationId = await addPublication(harness.database.sql, {
    organizationId: mine.organizationId,
    postId,
    accountId,
    status: 'published',
  });
  await Promise.all([harness.startDeliverer(), harness.startDeliverer()]);
  for (let count = 0; count < 20; count += 1) await harness.happen(mine.organizationId, 'token.refreshed', { count });
  await harness.database.sql(
    `insert into events (organization_id, post_id, publication_id, type, message) values ($1, $2, $3, 'publication.published', 'It is out.')`,
    [mine.organizationId, postId, publicationId],
  );
  await harness.happen(mine.organizationId, 'notification.created', { kind: 'test' });
  await waitFor(() => harness.received.length >= 23, { describe: '23 messages' });
  const at = (path: string) => harness.received.filter((message) => message.path === path);
  expect([at('/all').length, at('/sockets').length, at('/theirs').length]).toEqual([21, 2, 0]);
  const told = at('/all').map((message) => verified(all.secret, message));
  expect(told.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 21 }, (_, index) => index + 1),
  );
  expect(new Set(at('/all').map(({ headers }) => headers['webhook-id'])).size).toBe(21);
  expect(told.find(({ type }) => type === 'publication.published')).toMatchObject({
    data: {
      postId,
      status: 'published',
      publication: { id: publicationId, status: 'published' },
      events: [{ type: 'publication.published', message: 'It is out.' }],
    },
  });
  expect(
    at('/sockets')
      .map((message) => verified(sockets.secret, message).type)
      .toSorted(),
  ).toEqual(['notification', 'post-status-update']);
  expect(() => verified(sockets.secret, at('/all')[0] as Received)).toThrow('No matching signature found');
});

test('a message that is not taken is tried again under its id, and a replay sends it once more', async () => {
  const actor = await harness.newActor();
  const webhook = await harness.add(actor, '/again', ['token.refreshed']);
  harness.answer(() => 500);
  await harness.startDeliverer();
  const { id } = await testWebhook(harness.deps(), actor, { webhookId: webhook.id });
  const seen = async () => (await harness.deliveriesOf(actor, webhook.id)).find((one) => one.id === id);
  await waitFor(async () => (await seen())?.tries.length === 1, { describe: 'one try' });
  expect(await seen()).toMatchObject({
    status: 'pending',
    attempts: 1,
    tries: [{ status: 500, error: 'the receiver answered 500' }],
  });
  harness.answer(() => 200);
  await harness.database.sql('update webhook_deliveries set next_attempt_at = now() where id = $1', [id]);
  await waitFor(async () => (await seen())?.status === 'delivered', { describe: 'delivered' });
  await replayDelivery(harness.deps(), actor, { deliveryId: id, webhookId: webhook.id });
  await waitFor(() => harness.received.length === 3, { describe: 'the third' });
  expect(new Set(harness.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  expect(new Set(harness.received.map(({ body }) => body)).size).toBe(1);
  await expect(
    replayDelivery(harness.deps(), await harness.newActor(), { deliveryId: id, webhookId: null }),
  ).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a webhook has 500 tests at the most that have not arrived', async () => {
  const actor = await harness.newActor();
  const { id: webhookId } = await harness.add(actor, '/tested', ['token.refreshed']);
  await harness.database.sql(
    `insert into webhook_deliveries (id, organization_id, webhook_id, sequence, type, payload, next_attempt_at)
     select $1 || i, $2, $3, 1000 + i, 'webhook.test', '{}', now() + interval '1 hour' from generate_series(1, 499) i`,
    ['dlv_test_', actor.organizationId, webhookId],
  );
  await testWebhook(harness.deps(), actor, { webhookId });
  await expect(testWebhook(harness.deps(), actor, { webhookId })).rejects.toMatchObject({ code: 'quota_exceeded' });
});

test('a receiver that hangs holds up no other one', async () => {
  const [slow, quick] = [await harness.newActor(), await harness.newActor()];
  for (let count = 0; count < 20; count += 1) await harness.add(slow, '/hangs', ['token.refreshed']);
  await harness.add(quick, '/quick', ['token.refreshed']);
  harness.answer((path) => (path === '/hangs' ? 'never' : 204));
  for (let count = 0; count < 100; count += 1) await harness.happen(slow.organizationId, 'token.refreshed');
  await harness.startDeliverer();
  await waitFor(() => harness.received.length >= 12, { describe: 'the hanging ones' });
  for (let count = 0; count < 30; count += 1) await harness.happen(quick.organizationId, 'token.refreshed');
  await waitFor(() => harness.received.filter(({ path }) => path === '/quick').length === 30, {
    describe: 'the quick receiver has everything',
    timeoutMs: 12_000,
  });
  expect(harness.received.filter(({ path }) => path === '/hangs').length).toBe(12);
});

test('many organizations that ask for one slow server take its share, and whoever has nothing under way goes first', async () => {
  const addPending = async (url: string, count: number) => {
    const actor = await harness.newActor();
    const { id } = await createWebhook(harness.deps(), actor, { url, events: ['token.refreshed'] });
    for (let made = 0; made < count; made += 1) await testWebhook(harness.deps(), actor, { webhookId: id });
  };
  for (let count = 0; count < 10; count += 1) await addPending(`https://SLOW.example/${count}`, 4);
  const shares = { limit: 30, perWebhookMax: 4, perOrganizationMax: 12, perServerMax: 20 };
  const held = await claimDeliveries(harness.deps(), shares, []);
  expect(held).toHaveLength(20);
  await addPending('https://quick.example/', 2);
  await addPending('https://slow.example/new', 1);
  const running = [...Map.groupBy(held, ({ webhookId }) => webhookId)].map(([webhookId, own]) => {
    const [{ organizationId, server } = { organizationId: '', server: '' }] = own;
    return { webhookId, organizationId, server, count: own.length };
  });
  const next = await claimDeliveries(harness.deps(), { ...shares, limit: 1, perServerMax: 60 }, running);
  expect(next.map(({ server }) => server)).toEqual(['quick.example']);
  const others = await claimDeliveries(harness.deps(), shares, running);
  expect(others.map(({ server }) => server)).toEqual(['quick.example']);
});

test('a receiver that is gone, or took nothing for a day, is switched off and its people are told once', async () => {
  const actor = await harness.newActor();
  const gone = await harness.add(actor, '/gone', ['token.refreshed']);
  const dead = await harness.add(actor, '/dead', ['token.refreshed']);
  harness.answer((path) => (path === '/gone' ? 410 : 503));
  await harness.happen(actor.organizationId, 'token.refreshed');
  await harness.startDeliverer();
  await waitFor(() => harness.received.length >= 2, { describe: 'both were tried' });
  await waitFor(
    async () => (await getWebhook(harness.deps(), actor, { webhookId: gone.id })).disabledBecause === 'gone',
    {
      describe: 'the gone one is off',
    },
  );
  await waitFor(async () => (await harness.deliveriesOf(actor, dead.id))[0]?.tries.length === 1, {
    describe: 'one try',
  });
  await harness.database.sql(
    `update webhook_deliveries set attempts = 9, next_attempt_at = now() where webhook_id = $1`,
    [dead.id],
  );
  await waitFor(
    async () => (await getWebhook(harness.deps(), actor, { webhookId: dead.id })).disabledBecause === 'failing',
    {
      describe: 'the dead one is off',
    },
  );
  const told = await harness.database.sql<{ kind: string }>(
    'select kind from notifications where organization_id = $1',
    [actor.organizationId],
  );
  expect(told.map(({ kind }) => kind)).toEqual(['webhook_disabled', 'webhook_disabled']);
  const before = harness.received.length;
  await harness.happen(actor.organizationId, 'token.refreshed');
  harness.answer(() => 204);
  await updateWebhook(harness.deps(), actor, { webhookId: dead.id, change: { enabled: true } });
  await harness.happen(actor.organizationId, 'token.refreshed');
  await waitFor(() => harness.received.length > before, { describe: 'it is told again' });
  expect(harness.received.slice(before).map(({ path }) => path)).not.toContain('/gone');
});

test('what happens while a webhook is off is not sent, and its receiver sees by the sequence that it is missing', async () => {
  const actor = await harness.newActor();
  const { id: webhookId, secret } = await harness.add(actor, '/off', ['token.refreshed']);
  await harness.startDeliverer();
  const happen = async () => {
    await harness.happen(actor.organizationId, 'token.refreshed');
    harness.wake();
  };
  await happen();
  await waitFor(() => harness.received.length === 1, { describe: 'the first' });
  await updateWebhook(harness.deps(), actor, { webhookId, change: { enabled: false } });
  await Promise.all([happen(), happen()]);
  await waitFor(
    async () => {
      const [row] = await harness.database.sql<{ next: number }>(
        'select next_sequence::int as next from webhooks where id = $1',
        [webhookId],
      );
      return row?.next === 4;
    },
    { describe: 'two that are counted' },
  );
  await updateWebhook(harness.deps(), actor, { webhookId, change: { enabled: true } });
  await happen();
  await waitFor(() => harness.received.length === 2, { describe: 'the fourth' });
  expect(harness.received.map((message) => verified(secret, message).sequence)).toEqual([1, 4]);
});

test('during a rotation both secrets fit, and the sealing key can be changed', async () => {
  const actor = await harness.newActor();
  const webhook = await harness.add(actor, '/rotates', ['token.refreshed']);
  const { secret } = await rotateWebhookSecret(harness.deps(), actor, { webhookId: webhook.id });
  expect(secret).not.toBe(webhook.secret);
  await harness.startDeliverer();
  await testWebhook(harness.deps(), actor, { webhookId: webhook.id });
  await waitFor(() => harness.received.length === 1, { describe: 'one message' });
  const [message] = harness.received as [Received];
  expect(verified(secret, message)).toEqual(verified(webhook.secret, message));
  await harness.database.sql(`update webhooks set previous_until = now() - interval '1 second'`);
  await testWebhook(harness.deps(), actor, { webhookId: webhook.id });
  await waitFor(() => harness.received.length === 2, { describe: 'another one' });
  expect(() => verified(webhook.secret, harness.received[1] as Received)).toThrow('No matching signature found');
  const after = createKeyRing(`${newKey},${oldKey}`);
  const rotation = await rotateKeys(
    { db: harness.database.db, keyRing: after },
    { writingKeyId: 'new', signal: new AbortController().signal },
  );
  expect(rotation).toMatchObject({ rotated: 2, byKey: { new: 2 } });
  const rows = await harness.database.sql('select * from webhooks');
  expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
});

test('an address that is not public is refused at each try, and says no more than that', async () => {
  const actor = await harness.newActor();
  await expect(
    createWebhook(harness.deps(), actor, { url: 'http://hooks.example.org/', events: ['post-created'] }),
  ).rejects.toMatchObject({ code: 'validation_failed', errors: [{ path: 'url' }] });
  const webhook = await createWebhook(harness.deps(), actor, { url: 'https://10.0.0.7/', events: ['token.refreshed'] });
  await harness.startDeliverer();
  await testWebhook(harness.deps(), actor, { webhookId: webhook.id });
  await waitFor(async () => (await harness.deliveriesOf(actor, webhook.id))[0]?.tries.length === 1, {
    describe: 'a try',
  });
  expect((await harness.deliveriesOf(actor, webhook.id))[0]?.tries).toMatchObject([
    { status: null, error: 'the address is not a public one' },
  ]);
  await deleteWebhook(harness.deps(), actor, { webhookId: webhook.id });
  await expect(getWebhook(harness.deps(), actor, { webhookId: webhook.id })).rejects.toMatchObject({
    code: 'not_found',
  });
});
