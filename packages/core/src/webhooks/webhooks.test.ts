import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookDelivery } from '@vibetribe/contracts/webhook';
import { openMigratedDatabase, type MigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addAccount, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { rotateKeys } from '../keys/rotate-keys.ts';
import { startWebhookDeliverer } from './deliver-webhooks.ts';
import { claimDeliveries } from './claim-deliveries.ts';
import { listDeliveries, replayDelivery, testWebhook } from './deliveries.ts';
import { createWebhook, deleteWebhook, getWebhook, rotateWebhookSecret, updateWebhook } from './manage-webhooks.ts';
import { createWebhookSender } from './webhook-sender.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [oldKey, newKey] = [keyOf('old'), keyOf('new')];
let received: Received[] = [];
/** What the receiver answers at a path: a status, or never. */
let answer: (path: string) => number | 'never' = () => 204;

const receiver = createServer((request, reply) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const path = request.url ?? '';
    received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const status = answer(path);
    if (status !== 'never') reply.writeHead(status).end();
  });
});

let database: MigratedDatabase;
let origin: string;
let deliverers: AsyncDisposable[] = [];
const keyRing = createKeyRing(oldKey);
const signals = { eventsCommitted: () => undefined, dispatchSoon: () => undefined };
const isAllowedHost = async (host: string) => host === '127.0.0.1';
const deps = () => ({ db: database.db, keyRing, signals, isAllowedHost });

beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterEach(async () => {
  receiver.closeAllConnections();
  await Promise.all(deliverers.map((deliverer) => deliverer[Symbol.asyncDispose]()));
  deliverers = [];
  received = [];
  answer = () => 204;
  await database.sql('delete from webhooks');
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await database[Symbol.asyncDispose]();
});

async function newActor(): Promise<Actor> {
  const organizationId = await addOrganization(database.sql);
  return {
    organizationId,
    userId: null,
    principal: 'user:test',
    role: 'admin',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
  } as Actor;
}

/** One more process that makes and sends deliveries. */
async function startDeliverer(): Promise<void> {
  const sender = createWebhookSender({ allow: isAllowedHost });
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const bus = { subscribe: async () => ({ [Symbol.asyncDispose]: async () => undefined }) };
  const stack = new AsyncDisposableStack();
  stack.use(sender);
  stack.use(await startWebhookDeliverer({ ...deps(), clock, logger: quiet } as never, { bus, sender } as never));
  deliverers.push(stack);
}

const happen = (organizationId: string, type: string, data: object = {}) =>
  database.sql('insert into events (organization_id, type, message, data) values ($1, $2, $3, $4)', [
    organizationId,
    type,
    'It happened.',
    JSON.stringify(data),
  ]);

const add = (actor: Actor, path: string, events: readonly string[]) =>
  createWebhook(deps(), actor, { url: `${origin}${path}`, events: events as never });

const deliveriesOf = async (actor: Actor, webhookId: string): Promise<WebhookDelivery[]> =>
  (await listDeliveries(deps(), actor, { webhookId, limit: 100, beforeSequence: null })).items;

const verified = (secret: string, { body, headers }: Received) =>
  new Verifier(secret).verify(body, headers as Record<string, string>) as { type: string; sequence: number };

test('what happens is sent once to each webhook that asked, signed, numbered, and to no other organization', async () => {
  const [mine, theirs] = [await newActor(), await newActor()];
  await happen(mine.organizationId, 'token.refreshed', { before: true });
  const all = await add(mine, '/all', ['publication.*', 'account.needs_reauth', 'token.refreshed']);
  const sockets = await add(mine, '/sockets', ['post-status-update', 'notification']);
  await add(theirs, '/theirs', ['token.refreshed', 'publication.*']);
  const { accountId } = await addAccount(database.sql, { organizationId: mine.organizationId });
  const postId = await addPost(database.sql, { organizationId: mine.organizationId });
  const publicationId = await addPublication(database.sql, {
    organizationId: mine.organizationId,
    postId,
    accountId,
    status: 'published',
  });
  await Promise.all([startDeliverer(), startDeliverer()]);
  for (let count = 0; count < 20; count += 1) await happen(mine.organizationId, 'token.refreshed', { count });
  await database.sql(
    `insert into events (organization_id, post_id, publication_id, type, message) values ($1, $2, $3, 'publication.published', 'It is out.')`,
    [mine.organizationId, postId, publicationId],
  );
  await happen(mine.organizationId, 'notification.created', { kind: 'test' });
  await waitFor(() => received.length >= 23, { describe: '23 messages' });
  const at = (path: string) => received.filter((message) => message.path === path);
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
  const actor = await newActor();
  const webhook = await add(actor, '/again', ['token.refreshed']);
  answer = () => 500;
  await startDeliverer();
  const { id } = await testWebhook(deps(), actor, { webhookId: webhook.id });
  const seen = async () => (await deliveriesOf(actor, webhook.id)).find((one) => one.id === id);
  await waitFor(async () => (await seen())?.tries.length === 1, { describe: 'one try' });
  expect(await seen()).toMatchObject({
    status: 'pending',
    attempts: 1,
    tries: [{ status: 500, error: 'the receiver answered 500' }],
  });
  answer = () => 200;
  await database.sql('update webhook_deliveries set next_attempt_at = now() where id = $1', [id]);
  await waitFor(async () => (await seen())?.status === 'delivered', { describe: 'delivered' });
  await replayDelivery(deps(), actor, { deliveryId: id, webhookId: webhook.id });
  await waitFor(() => received.length === 3, { describe: 'the third' });
  expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  await expect(replayDelivery(deps(), await newActor(), { deliveryId: id, webhookId: null })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a receiver that hangs holds up no other one', async () => {
  const [slow, quick] = [await newActor(), await newActor()];
  for (let count = 0; count < 20; count += 1) await add(slow, '/hangs', ['token.refreshed']);
  await add(quick, '/quick', ['token.refreshed']);
  answer = (path) => (path === '/hangs' ? 'never' : 204);
  for (let count = 0; count < 100; count += 1) await happen(slow.organizationId, 'token.refreshed');
  await startDeliverer();
  await waitFor(() => received.length >= 12, { describe: 'the hanging ones' });
  for (let count = 0; count < 30; count += 1) await happen(quick.organizationId, 'token.refreshed');
  await waitFor(() => received.filter(({ path }) => path === '/quick').length === 30, {
    describe: 'the quick receiver has everything',
    timeoutMs: 12_000,
  });
  expect(received.filter(({ path }) => path === '/hangs').length).toBe(12);
});

test('many organizations that ask for one slow server take its share, and whoever has nothing under way goes first', async () => {
  const addPending = async (url: string, count: number) => {
    const actor = await newActor();
    const { id } = await createWebhook(deps(), actor, { url, events: ['token.refreshed'] });
    for (let made = 0; made < count; made += 1) await testWebhook(deps(), actor, { webhookId: id });
  };
  for (let count = 0; count < 10; count += 1) await addPending(`https://SLOW.example/${count}`, 4);
  const shares = { limit: 30, perWebhookMax: 4, perOrganizationMax: 12, perServerMax: 20 };
  const held = await claimDeliveries(deps(), shares, []);
  expect(held).toHaveLength(20);
  await addPending('https://quick.example/', 2);
  await addPending('https://slow.example/new', 1);
  const running = [...Map.groupBy(held, ({ webhookId }) => webhookId)].map(([webhookId, own]) => {
    const [{ organizationId, server } = { organizationId: '', server: '' }] = own;
    return { webhookId, organizationId, server, count: own.length };
  });
  const next = await claimDeliveries(deps(), { ...shares, limit: 1, perServerMax: 60 }, running);
  expect(next.map(({ server }) => server)).toEqual(['quick.example']);
  const others = await claimDeliveries(deps(), shares, running);
  expect(others.map(({ server }) => server)).toEqual(['quick.example']);
});

test('a receiver that is gone, or took nothing for a day, is switched off and its people are told once', async () => {
  const actor = await newActor();
  const gone = await add(actor, '/gone', ['token.refreshed']);
  const dead = await add(actor, '/dead', ['token.refreshed']);
  answer = (path) => (path === '/gone' ? 410 : 503);
  await happen(actor.organizationId, 'token.refreshed');
  await startDeliverer();
  await waitFor(() => received.length >= 2, { describe: 'both were tried' });
  await waitFor(async () => (await getWebhook(deps(), actor, { webhookId: gone.id })).disabledBecause === 'gone', {
    describe: 'the gone one is off',
  });
  await waitFor(async () => (await deliveriesOf(actor, dead.id))[0]?.tries.length === 1, { describe: 'one try' });
  await database.sql(`update webhook_deliveries set attempts = 9, next_attempt_at = now() where webhook_id = $1`, [
    dead.id,
  ]);
  await waitFor(async () => (await getWebhook(deps(), actor, { webhookId: dead.id })).disabledBecause === 'failing', {
    describe: 'the dead one is off',
  });
  const told = await database.sql<{ kind: string }>('select kind from notifications where organization_id = $1', [
    actor.organizationId,
  ]);
  expect(told.map(({ kind }) => kind)).toEqual(['webhook_disabled', 'webhook_disabled']);
  const before = received.length;
  await happen(actor.organizationId, 'token.refreshed');
  answer = () => 204;
  await updateWebhook(deps(), actor, { webhookId: dead.id, change: { enabled: true } });
  await happen(actor.organizationId, 'token.refreshed');
  await waitFor(() => received.length > before, { describe: 'it is told again' });
  expect(received.slice(before).map(({ path }) => path)).not.toContain('/gone');
});

test('during a rotation both secrets fit, and the sealing key can be changed', async () => {
  const actor = await newActor();
  const webhook = await add(actor, '/rotates', ['token.refreshed']);
  const { secret } = await rotateWebhookSecret(deps(), actor, { webhookId: webhook.id });
  expect(secret).not.toBe(webhook.secret);
  await startDeliverer();
  await testWebhook(deps(), actor, { webhookId: webhook.id });
  await waitFor(() => received.length === 1, { describe: 'one message' });
  const [message] = received as [Received];
  expect(verified(secret, message)).toEqual(verified(webhook.secret, message));
  await database.sql(`update webhooks set previous_until = now() - interval '1 second'`);
  await testWebhook(deps(), actor, { webhookId: webhook.id });
  await waitFor(() => received.length === 2, { describe: 'another one' });
  expect(() => verified(webhook.secret, received[1] as Received)).toThrow('No matching signature found');
  const after = createKeyRing(`${newKey},${oldKey}`);
  const rotation = await rotateKeys(
    { db: database.db, keyRing: after },
    { writingKeyId: 'new', signal: new AbortController().signal },
  );
  expect(rotation).toMatchObject({ rotated: 2, byKey: { new: 2 } });
  const rows = await database.sql('select * from webhooks');
  expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
});

test('an address that is not public is refused at each try, and says no more than that', async () => {
  const actor = await newActor();
  await expect(
    createWebhook(deps(), actor, { url: 'http://hooks.example.org/', events: ['post-created'] }),
  ).rejects.toMatchObject({ code: 'validation_failed', errors: [{ path: 'url' }] });
  const webhook = await createWebhook(deps(), actor, { url: 'https://10.0.0.7/', events: ['token.refreshed'] });
  await startDeliverer();
  await testWebhook(deps(), actor, { webhookId: webhook.id });
  await waitFor(async () => (await deliveriesOf(actor, webhook.id))[0]?.tries.length === 1, { describe: 'a try' });
  expect((await deliveriesOf(actor, webhook.id))[0]?.tries).toMatchObject([
    { status: null, error: 'the address is not a public one' },
  ]);
  await deleteWebhook(deps(), actor, { webhookId: webhook.id });
  await expect(getWebhook(deps(), actor, { webhookId: webhook.id })).rejects.toMatchObject({ code: 'not_found' });
});
