import { randomBytes, randomUUID } from 'node:crypto';
import { openMigratedDatabase, type MigratedDatabase } from '@vibetribe/db/testing/migrated-database';
import { addAccount, addMember, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import { adapters } from '@vibetribe/platforms/registry';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { NotificationKind, type PutNotificationPreferences } from '@vibetribe/contracts/notification';
import type { AuthenticatedActor } from '../identity/authenticated-actor.ts';
import { openMail } from '../mail/mail-content.ts';
import { removeMember } from '../members/remove-member.ts';
import { quietSignals } from '../test-signals.ts';
import { putPreferences, getPreferences } from './preferences.ts';
import { notifyOnce, type NotifierSettings } from './start-notifier.ts';
import { unsubscribe } from './unsubscribe.ts';

let database: MigratedDatabase;
let organizationId: string;
beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  sent = [];
  refuse = null;
  organizationId = await addOrganization(database.sql, { name: 'Engines' });
});

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const keyRing = createKeyRing(`k1:${randomBytes(32).toString('base64')}`);
let sent: { url: string; body: Record<string, unknown> }[] = [];
let refuse: string | null = null;
const settings: NotifierSettings = {
  sendsMail: true,
  collectMs: 0,
  unsubscribeUrl: (key) => `https://api.example.org/unsubscribe?token=${key}`,
  sender: {
    async send({ url, body }) {
      if (refuse === null) sent.push({ url, body: JSON.parse(body) as Record<string, unknown> });
      return { status: refuse === null ? 200 : null, error: refuse, durationMs: 1, retryAfterMs: null };
    },
  },
};
const deps = () =>
  ({
    db: database.db,
    keyRing,
    adapters,
    signals: quietSignals,
    logger: quiet,
    clock: { now: () => new Date(), monotonicMs: () => 0 },
  }) as never;
/** As several processes do at once. */
const look = (processes = 3) => Promise.all(Array.from({ length: processes }, () => notifyOnce(deps(), settings)));

const hook = () => `https://hooks.example.org/services/${randomUUID()}`;
const actorOf = (userId: string): AuthenticatedActor => ({
  organizationId,
  userId,
  role: 'owner',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: `user:${userId}`,
  credential: { kind: 'session', familyId: 'f' },
});
const prefer = (userId: string, preferences: PutNotificationPreferences) =>
  putPreferences({ db: database.db, keyRing, isAllowedHost: async () => false }, actorOf(userId), preferences);

async function mailsTo(userId: string) {
  const rows = await database.sql<{ id: string; sealed: string }>(
    'select id, sealed from mails where recipient = $1 order by created_at',
    [`${userId}@example.org`],
  );
  return rows.map(({ id, sealed }) => openMail(keyRing, id, sealed));
}

async function notify(kind: string, title: string, data: object = {}): Promise<void> {
  const id = `ntf_${randomUUID()}`;
  await database.sql(
    `with n as (insert into notifications (id, organization_id, kind, title, body, data) values ($1, $2, $3, $4, 'Why', $5))
     insert into events (organization_id, type, message, data) values ($2, 'notification.created', $4,
       jsonb_build_object('notificationId', $1::text, 'kind', $3::text, 'body', 'Why'))`,
    [id, organizationId, kind, title, JSON.stringify(data)],
  );
}

async function hold(count: number): Promise<void> {
  const { accountId } = await addAccount(database.sql, { organizationId });
  const postId = await addPost(database.sql, { organizationId });
  const id = await addPublication(database.sql, { organizationId, postId, accountId });
  await database.sql(
    `update publications set status = 'waiting', waiting_reason = 'breaker', waiting_detail = 'down', due_at = now() + interval '1 minute' where id = $1`,
    [id],
  );
  const [columns] = await database.sql<{ names: string }>(
    `select string_agg(quote_ident(column_name), ', ') as names from information_schema.columns
     where table_name = 'publications' and table_schema = 'public' and column_name not in ('id', 'post_id') and is_generated = 'NEVER'`,
  );
  await database.sql(
    `insert into posts (id, organization_id, content) select $1 || n, $2, 'Hello' from generate_series(2, $3::int) n`,
    [postId, organizationId, count],
  );
  await database.sql(
    `insert into publications (id, post_id, ${columns?.names}) select p.id || n, $2 || n, ${columns?.names} from publications p, generate_series(2, $3::int) n where p.id = $1`,
    [id, postId, count],
  );
}

test('an outage that holds 500 posts is one message for each person and channel, and one when it is over', async () => {
  const [mailed, both, silent] = [
    await addMember(database.sql, { organizationId }),
    await addMember(database.sql, { organizationId, role: 'viewer' }),
    await addMember(database.sql, { organizationId }),
  ];
  const webhookUrl = hook();
  await prefer(both, { events: {}, webhookUrl });
  const off = { inApp: 'off', email: 'off', webhook: 'off' } as const;
  await prefer(silent, { events: { platform_outage: off, platform_recovered: off }, webhookUrl: hook() });
  await database.sql(
    `insert into breakers (key, platform, state, retry_at) values ('x', 'x', 'open', now()) on conflict (key) do update set state = 'open'`,
  );
  await hold(499);
  await look();
  await hold(1);
  // Between two probes everything may be on its way for a moment.
  await database.sql(`update breakers set state = 'half_open'`);
  await database.sql(`update publications set waiting_reason = 'internal' where organization_id = $1`, [
    organizationId,
  ]);
  await look();
  await database.sql(`update publications set waiting_reason = 'breaker' where organization_id = $1`, [organizationId]);
  await look();
  const subjects = async (userId: string) => (await mailsTo(userId)).map(({ subject }) => subject);
  expect(await subjects(mailed)).toEqual(['X does not answer – Engines']);
  expect(await subjects(both)).toEqual(['X does not answer – Engines']);
  expect(await subjects(silent)).toEqual([]);
  expect(sent).toEqual([{ url: webhookUrl, body: { text: expect.stringContaining('499 posts wait') } }]);
  const told = () =>
    database.sql<{ kind: string }>('select kind from notifications where organization_id = $1 order by created_at', [
      organizationId,
    ]);
  expect(await told()).toEqual([{ kind: 'platform_outage' }]);

  await database.sql(`update breakers set state = 'closed'`);
  await look();
  expect(await subjects(mailed)).toHaveLength(1);
  await database.sql(
    `update publications set status = 'published', waiting_reason = null, waiting_detail = null, due_at = null where organization_id = $1`,
    [organizationId],
  );
  await look();
  await look();
  expect(await subjects(mailed)).toEqual(['X does not answer – Engines', 'X is back – Engines']);
  expect(sent.map(({ body }) => String(body['text']).split('\n')[0])).toEqual([
    'Engines: X does not answer',
    'Engines: X is back',
  ]);
  expect(sent[1]?.body['text']).toContain('up to 500 posts');
  expect(await told()).toEqual([{ kind: 'platform_outage' }, { kind: 'platform_recovered' }]);
});

test('what has the same cause is one message; the next ones of it wait a while, and another cause does not', async () => {
  const member = await addMember(database.sql, { organizationId });
  for (let count = 1; count <= 30; count += 1)
    await notify('publication_failed', 'A post could not be published', { platform: 'x' });
  await notify('publication_failed', 'A post could not be published', { platform: 'bluesky' });
  await look();
  const [first, second, ...others] = await mailsTo(member);
  expect(others).toEqual([]);
  expect(new Set([first?.subject, second?.subject])).toEqual(
    new Set(['A post could not be published (and 29 more) – Engines', 'A post could not be published – Engines']),
  );
  expect(`${first?.text}${second?.text}`).toContain('... and 10 more.');
  await notify('publication_failed', 'A post could not be published', { platform: 'x' });
  await look();
  expect(await mailsTo(member)).toHaveLength(2);
  const [waiting] = await database.sql<{ minutes: number }>(
    `select extract(epoch from due_at - now())::float8 / 60 as minutes from notification_messages where status = 'collecting' and user_id = $1`,
    [member],
  );
  expect(waiting?.minutes).toBeGreaterThan(13);
});

test('what is for the day waits for one message; who has left, and what is off, gets none', async () => {
  const [daily, left] = [
    await addMember(database.sql, { organizationId }),
    await addMember(database.sql, { organizationId }),
  ];
  await prefer(daily, {
    events: {
      publication_failed: { email: 'daily' },
      publication_asks: { email: 'daily' },
      mail_failed: { email: 'off' },
    },
  });
  await notify('publication_failed', 'One');
  await notify('publication_asks', 'Two');
  await notify('mail_failed', 'Three');
  await notify('publication_failed', 'Four');
  await notifyOnce({ ...(deps() as object) } as never, { ...settings, collectMs: 60_000 });
  await prefer(daily, { events: { publication_failed: { email: 'daily' }, publication_asks: { email: 'off' } } });
  await removeMember(
    { db: database.db, revocations: { announce: () => undefined, memberChanged: () => undefined } },
    actorOf(left),
    { userId: left },
  );
  expect(await mailsTo(daily)).toEqual([]);
  await database.sql('update notification_messages set due_at = now() where due_at is not null');
  await look();
  const [mail, ...others] = await mailsTo(daily);
  expect([mail?.subject, others]).toEqual(['The day: 2 notifications – Engines', []]);
  expect(mail?.text).toMatch(/^One\nWhy\n\nFour\nWhy\n/);
  expect(await mailsTo(left)).toEqual([]);
});

test('what was collected waits for quiet hours that came meanwhile, and is not sent to who has switched it off', async () => {
  const [sleeper, weary] = [
    await addMember(database.sql, { organizationId }),
    await addMember(database.sql, { organizationId }),
  ];
  await prefer(weary, { events: { publication_asks: { email: 'daily' } } });
  await notify('publication_failed', 'One', { platform: 'x' });
  await notify('publication_asks', 'Two');
  await notifyOnce(deps(), { ...settings, collectMs: 60_000 });
  const timeIn = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
  await prefer(sleeper, { events: {}, quietHours: { from: timeIn(-120), to: timeIn(120), timezone: 'UTC' } });
  const off = { email: 'off' } as const;
  await prefer(weary, { events: Object.fromEntries(NotificationKind.options.map((kind) => [kind, off])) });
  const pass = () => database.sql('update notification_messages set due_at = now() where due_at is not null');
  await pass();
  await look();
  expect([await mailsTo(sleeper), await mailsTo(weary)]).toEqual([[], []]);
  const left = await database.sql<{ user_id: string; attempts: number; minutes: number }>(
    `select user_id, attempts, extract(epoch from due_at - now())::float8 / 60 as minutes from notification_messages
     where organization_id = $1 and due_at is not null`,
    [organizationId],
  );
  expect(left.map((row) => [row.user_id, row.attempts])).toEqual([
    [sleeper, 0],
    [sleeper, 0],
  ]);
  expect(Math.min(...left.map(({ minutes }) => minutes))).toBeGreaterThan(60);
  await prefer(sleeper, { events: {} });
  await pass();
  await look();
  expect(await mailsTo(sleeper)).toHaveLength(2);
});

test('a mail ends with one click, without harm to anything else', async () => {
  const member = await addMember(database.sql, { organizationId });
  await prefer(member, { events: { publication_failed: { inApp: 'off' } } });
  await notify('publication_asks', 'One');
  await look();
  const [mail] = await mailsTo(member);
  expect(mail?.text).toContain(`No more of these mails: ${mail?.unsubscribeUrl}`);
  await unsubscribe({ db: database.db }, mail?.unsubscribeUrl?.split('token=')[1] ?? '');
  const { events } = await getPreferences({ db: database.db }, actorOf(member));
  expect(Object.values(events).every(({ email }) => email === 'off')).toBe(true);
  expect([events.publication_failed.inApp, events.publication_asks.inApp]).toEqual(['off', 'now']);
  await expect(unsubscribe({ db: database.db }, 'unknown')).rejects.toMatchObject({ code: 'link_invalid' });
});

test('a webhook takes what Slack or Discord take, is tried again, and says in the preferences when it takes nothing', async () => {
  const member = await addMember(database.sql, { organizationId });
  const discord = 'https://discord.example.org/api/webhooks/1/secret';
  await prefer(member, { events: {}, webhookUrl: discord });
  const [stored] = await database.sql<{ row: string }>(
    'select p::text as row from notification_preferences p where user_id = $1',
    [member],
  );
  expect(stored?.row).not.toContain('secret');
  await notify('publication_asks', '@everyone <look>');
  refuse = 'the address is not a public one';
  await look();
  expect((await getPreferences({ db: database.db }, actorOf(member))).webhook).toEqual({
    host: 'discord.example.org',
    error: refuse,
  });
  refuse = null;
  await look();
  expect(sent).toEqual([]);
  await database.sql(`update notification_messages set due_at = now() where status = 'sending'`);
  await look();
  expect(sent).toEqual([
    { url: discord, body: { content: expect.stringContaining('@everyone <look>'), allowed_mentions: { parse: [] } } },
  ]);
  expect((await getPreferences({ db: database.db }, actorOf(member))).webhook?.error).toBeNull();
  await prefer(member, { events: {}, webhookUrl: hook() });
  await notify('publication_failed', '<!channel>');
  await look();
  expect(sent[1]?.body).toEqual({ text: expect.stringContaining('&lt;!channel&gt;') });
  await expect(prefer(member, { events: {}, webhookUrl: 'http://hooks.example.org/x' })).rejects.toMatchObject({
    code: 'validation_failed',
  });
});
