import { addNotification } from '@vibetribe/db/testing/test-rows';
import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '@vibetribe/contracts/audit';
import type { NotificationPreferences } from '@vibetribe/contracts/notification';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

type Registered = Awaited<ReturnType<TestApi['register']>>;

let api: TestApi;
let user: Registered;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'));
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  user = await api.register();
});

const call = (method: string, path: string, body?: object, token = user.accessToken) =>
  api.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
const put = (body: object) => call('PUT', '/notification-preferences', body);
const preferences = async () =>
  (await call('GET', '/notification-preferences')).json as unknown as NotificationPreferences;

test('each kind has a time for each channel; what is not named is as before anybody chose', async () => {
  const before = await preferences();
  expect(before.events.publication_failed).toEqual({ inApp: 'now', email: 'now', webhook: 'now' });
  expect(before).toMatchObject({ quietHours: null, webhook: null });
  const chosen = {
    events: { publication_failed: { email: 'off' } },
    quietHours: { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' },
  };
  const { status, json } = await put(chosen);
  expect(status).toBe(200);
  expect(json).toEqual(await preferences());
  expect(json).toMatchObject({
    events: { publication_failed: { inApp: 'now', email: 'off', webhook: 'now' } },
    quietHours: chosen.quietHours,
  });
  expect((await put(before)).status).toBe(200);
  expect(await preferences()).toEqual(before);
  await put(chosen);
  await put({ events: {} });
  expect(await preferences()).toEqual(before);
});

test.each([
  ['events.unheard_of', { events: { unheard_of: { email: 'now' } } }],
  ['events.publication_failed.email', { events: { publication_failed: { email: 'hourly' } } }],
  ['quietHours.from', { events: {}, quietHours: { from: '25:00', to: '07:00' } }],
  ['quietHours.timezone', { events: {}, quietHours: { from: '22:00', to: '07:00', timezone: 'Mars/Olympus' } }],
  ['webhookUrl', { events: {}, webhookUrl: 'http://127.0.0.1:1/x' }],
  ['webhookUrl', { events: {}, webhookUrl: 'file:///etc/passwd' }],
])('a fault at %s is named', async (path, body) => {
  const { status, json } = await put(body);
  expect({ status, errors: json['errors'] }).toMatchObject({
    status: 422,
    errors: [{ path: expect.stringContaining(path.split('.')[0] ?? '') }],
  });
});

test("a webhook's address is shown to nobody, stays until another is given, and goes with null", async () => {
  const webhookUrl = 'https://hooks.example.org/services/T000/secret-part';
  const made = await put({ events: {}, webhookUrl });
  expect(made.json['webhook']).toEqual({ host: 'hooks.example.org', error: null });
  expect(made.text + api.logged()).not.toContain('secret-part');
  expect((await put({ events: {} })).json['webhook']).toEqual({ host: 'hooks.example.org', error: null });
  expect((await put({ events: {}, webhookUrl: null })).json['webhook']).toBeNull();
});

test('preferences belong to one user in one organization, and an API key has none', async () => {
  const key = String((await call('POST', '/api-keys', { name: 'k', scopes: ['admin'] })).json['key']);
  expect((await call('GET', '/notification-preferences', undefined, key)).status).toBe(403);
  expect((await call('PUT', '/notification-preferences', { events: {} }, key)).status).toBe(403);
  await put({ events: { mail_failed: { inApp: 'off' } } });
  const other = await api.register();
  const theirs = (await call('GET', '/notification-preferences', undefined, other.accessToken))
    .json as unknown as NotificationPreferences;
  expect(theirs.events.mail_failed.inApp).toBe('now');
});

test('what is off in the app is not listed for whoever switched it off', async () => {
  const insert = (kind: string, hoursAgo = 0) =>
    addNotification(api.sql, {
      organizationId: user.organization.id,
      kind,
      createdAt: new Date(Date.now() - hoursAgo * 3_600_000),
    });
  await insert('mail_failed');
  await insert('publication_failed');
  await insert('publication_asks');
  await insert('publication_asks', 25);
  const kinds = async (token?: string) =>
    ((await call('GET', '/notifications', undefined, token)).json['items'] as { kind: string }[]).map(
      ({ kind }) => kind,
    );
  expect(await kinds()).toHaveLength(4);
  await put({ events: { mail_failed: { inApp: 'off' }, publication_asks: { inApp: 'daily' } } });
  expect((await kinds()).toSorted((one, other) => one.localeCompare(other))).toEqual([
    'publication_asks',
    'publication_failed',
  ]);
  const key = String((await call('POST', '/api-keys', { name: 'k', scopes: ['read'] })).json['key']);
  expect(await kinds(key)).toHaveLength(4);
});

test('mails end with one click of a mail program, and by the page', async () => {
  const token = `vtu_${randomUUID()}`;
  await put({ events: {} });
  await api.sql('update notification_preferences set unsubscribe_key = $1 where user_id = $2', [token, user.user.id]);
  const page = await api.call('GET', `/unsubscribe?token=${token}`);
  expect(page.text).toContain('No more mails about Engines?');
  expect((await preferences()).events.mail_failed.email).toBe('now');
  const clicked = await api.call('POST', `/unsubscribe?token=${token}`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });
  expect(clicked.status, clicked.text).toBe(200);
  expect((await preferences()).events.mail_failed.email).toBe('off');
  expect((await api.call('GET', '/unsubscribe?token=unknown')).status).toBe(400);
});

test('webhooks that are made, changed, given another secret and deleted stand in the audit log, without a secret', async () => {
  const made = await call('POST', '/webhooks', { url: 'https://hooks.example.org/x', events: ['publication.*'] });
  expect(made.status, made.text).toBe(201);
  const { id, secret } = made.json as { id: string; secret: string };
  await call('PUT', `/webhooks/${id}`, { description: 'Team' });
  const rotated = await call('POST', `/webhooks/${id}/rotate`);
  expect(rotated.status, rotated.text).toBe(200);
  await call('DELETE', `/webhooks/${id}`);
  const { json, text } = await call('GET', '/audit?limit=100');
  const entries = (json['items'] as AuditEntry[]).filter(({ target }) => target === `webhook:${id}`);
  expect(entries.map(({ action }) => action)).toEqual([
    'webhook.deleted',
    'webhook.updated',
    'webhook.updated',
    'webhook.created',
  ]);
  expect(entries.every(({ actor }) => actor === `user:${user.user.id}`)).toBe(true);
  for (const shown of [secret, String(rotated.json['secret'])]) expect(text).not.toContain(shown);
});
