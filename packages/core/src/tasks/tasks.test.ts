import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { refreshExpiringGrants } from '../accounts/refresh-expiring-grants.ts';
import { refreshPolicy } from '../accounts/request-refresh.ts';
import { type AccountsHarness, createAccountsHarness } from '../accounts/test-accounts.ts';
import { runHealthCheck } from './check-health.ts';
import { runCleanUp, type Retention } from './clean-up.ts';
import { runStalledDetection } from './detect-stalled.ts';
import { runTokenRefresh } from './refresh-tokens.ts';
import { runAccountReread } from './reread-accounts.ts';

const hourMs = 3_600_000;
const retention: Retention = {
  readNotificationDays: 30,
  unreadNotificationDays: 90,
  eventDays: 90,
  endedSessionDays: 7,
  auditDays: 90,
  metricDays: 730,
};
let harness: AccountsHarness;
let actor: Actor & { userId: string };

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  await harness.sql('delete from publications');
  await harness.sql('delete from accounts');
  await harness.sql('delete from grants');
  actor = await harness.addOrganization();
  harness.x.fault = () => null;
});

describe('the hourly refresh', () => {
  test('refreshes what ends before the next run and its margin, and nothing else', async () => {
    for (const [name, endsInMs] of [
      ['ended', -1],
      ['soon', 89 * 60_000],
      ['later', 2 * hourMs],
    ] as const)
      await harness.addXAccount(actor, name, endsInMs);
    expect(await runTokenRefresh(harness.core)).toEqual({
      found: 2,
      refreshed: 2,
      unchanged: 0,
      needs_reauth: 0,
      later: 0,
    });
    expect(['ended', 'soon', 'later'].map((name) => harness.x.grants.get(name)?.refreshes)).toEqual([1, 1, 0]);
  });

  test('in two processes at once refreshes each grant once, in batches', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `pair${index}`);
    for (const name of names) await harness.addXAccount(actor, name, 60_000);
    const options = { withinMs: hourMs, concurrency: 4, batchSize: 5 };
    const runs = await Promise.all([
      refreshExpiringGrants(harness.core, options),
      refreshExpiringGrants(harness.core, options),
    ]);
    expect(names.map((name) => harness.x.grants.get(name)?.refreshes)).toEqual(names.map(() => 1));
    expect(runs.reduce((sum, { refreshed }) => sum + refreshed, 0)).toBe(23);
  });

  test('told to stop it begins no further refresh, and those under way come to their end', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `stop${index}`);
    for (const name of names) await harness.addXAccount(actor, name, 60_000);
    const stopping = new AbortController();
    const counts = await refreshExpiringGrants(harness.core, {
      withinMs: hourMs,
      concurrency: 3,
      batchSize: 5,
      signal: stopping.signal,
      onOutcome: () => stopping.abort(),
    });
    expect(counts.refreshed).toBeLessThanOrEqual(3);
    const refreshes = names.map((name) => harness.x.grants.get(name)?.refreshes ?? 0);
    expect(refreshes.reduce((sum, count) => sum + count, 0)).toBe(counts.refreshed);
  });

  test("one tenant's slow answers hold up nobody else's refresh, although its grants end first", async () => {
    for (const index of Array.from({ length: 12 }).keys()) await harness.addXAccount(actor, `slow${index}`, -1);
    await harness.addXAccount(await harness.addOrganization(), 'punctual', 60_000);
    const isOut = () => harness.x.grants.get('punctual')?.refreshes === 1;
    harness.x.beforeAnswer = async () => void (await waitFor(isOut, { describe: "the other's refresh" }));
    const counts = await refreshExpiringGrants(harness.core, { withinMs: hourMs, concurrency: 4, batchSize: 5 });
    harness.x.beforeAnswer = async () => undefined;
    expect(counts).toMatchObject({ found: 13, refreshed: 13 });
  });

  test('a platform that is down deactivates nobody, a dead grant is told apart, and neither stops the others', async () => {
    for (const name of ['down', 'dead', 'fine']) await harness.addXAccount(actor, `mix-${name}`, -1);
    Object.assign(harness.x.grants.get('mix-dead') ?? {}, { isDead: true });
    const failing = harness.x.grants.get('mix-down');
    const first = harness.x.tokenCalls();
    harness.x.fault = (call) => (call - first < 3 ? { status: 503 } : null);
    const outcomes: string[] = [];
    const counts = await refreshExpiringGrants(harness.core, {
      withinMs: hourMs,
      concurrency: 1,
      batchSize: 10,
      onOutcome: (platform, outcome) => outcomes.push(`${platform} ${outcome}`),
      policy: { ...refreshPolicy, backoff: { baseMs: 1, capMs: 1 } },
    });
    expect(counts).toEqual({ found: 3, refreshed: 1, unchanged: 0, needs_reauth: 1, later: 1 });
    expect(outcomes.toSorted()).toEqual(['x later', 'x needs_reauth', 'x refreshed']);
    const rows = await harness.sql<{ handle: string; status: string }>(
      'select handle, status from accounts order by handle',
    );
    expect(rows).toEqual([
      { handle: 'mix-dead', status: 'needs_reauth' },
      { handle: 'mix-down', status: 'active' },
      { handle: 'mix-fine', status: 'active' },
    ]);
    expect(failing?.refreshes).toBe(0);
  });
});

describe('the clean-up', () => {
  test('deletes what nobody can use any more, and nothing that somebody can', async () => {
    const { organizationId, userId } = actor;
    const { accountId } = await harness.addXAccount(actor, 'kept', hourMs);
    const ended = await harness.addPublication(actor, accountId, { status: 'published' });
    const coming = await harness.addPublication(actor, accountId, { status: 'scheduled' });
    await harness.sql('delete from events');
    const old = `now() - interval '91 days'`;
    for (const id of [ended, coming]) {
      await harness.sql(
        `insert into events (organization_id, post_id, publication_id, type, message, at)
         select organization_id, post_id, id, 'publication.scheduled', 'told', ${old} from publications where id = $1`,
        [id],
      );
    }
    await harness.sql(
      `insert into events (organization_id, type, message, at) values ($1, 'token.refreshed', 'old', ${old}), ($1, 'token.refreshed', 'new', now())`,
      [organizationId],
    );
    await harness.sql(
      `insert into notifications (id, organization_id, kind, title, body, created_at, read_at) values
        ('ntf_1' || $1, $1, 'k', 't', 'b', now() - interval '31 days', now()), ('ntf_2' || $1, $1, 'k', 't', 'b', now() - interval '31 days', null),
        ('ntf_3' || $1, $1, 'k', 't', 'b', now() - interval '91 days', null)`,
      [organizationId],
    );
    await harness.sql(
      `insert into idempotency_keys (organization_id, principal, route, key, body_hash, state, locked_until, created_at) values
        ($1, 'p', 'r', 'old', 'h', 'done', now() - interval '1 day', now() - interval '25 hours'),
        ($1, 'p', 'r', 'new', 'h', 'done', now(), now() - interval '23 hours')`,
      [organizationId],
    );
    await harness.sql(
      `insert into oauth_states (state_hash, organization_id, platform, code_verifier, expires_at) values
        ('old' || $1, $1, 'x', 'v', now() - interval '1 s'), ('new' || $1, $1, 'x', 'v', now() + interval '1 min')`,
      [organizationId],
    );
    await harness.sql(
      `insert into invitations (id, organization_id, email, role, token_hash, invited_by, expires_at) values
        ('old' || $1, $1, 'old', 'viewer', 'old', 'system', now() - interval '1 s'), ('new' || $1, $1, 'new', 'viewer', 'new', 'system', now() + interval '1 d')`,
      [organizationId],
    );
    await harness.sql(
      `insert into live_tickets (token_hash, organization_id, expires_at) values ('old' || $1, $1, now() - interval '1 s')`,
      [organizationId],
    );
    await harness.sql(
      `insert into sessions (id, family_id, user_id, organization_id, token_hash, expires_at, used_at) values
        ('old' || $1, 'f', $1, $2, 'old' || $1, now() - interval '8 days', null), ('used' || $1, 'f', $1, $2, 'used' || $1, now() + interval '1 day', now())`,
      [userId, organizationId],
    );
    await harness.sql(
      `insert into mails (id, kind, recipient, sealed, status, next_attempt_at, expires_at, created_at) values
        ('old' || $1, 'k', 'r', '', 'sent', null, now(), now() - interval '31 days'), ('new' || $1, 'k', 'r', '', 'sent', null, now(), now() - interval '29 days')`,
      [organizationId],
    );
    await harness.sql(
      `insert into mailed_links (token_hash, purpose, email, expires_at) values
        ('old' || $1, 'password_reset', 'r', now()), ('new' || $1, 'password_reset', 'r', now() + interval '1 hour')`,
      [organizationId],
    );
    await harness.sql(
      `insert into audit_entries (organization_id, at, actor, action, target) values
        ($1, now() - interval '91 days', 'system', 'a', 't'), ($1, now() - interval '89 days', 'system', 'a', 't')`,
      [organizationId],
    );
    expect(await runCleanUp(harness.core, retention)).toEqual({
      notifications: 2,
      idempotencyKeys: 1,
      oauthStates: 1,
      liveTickets: 1,
      invitations: 1,
      sessions: 1,
      webhookDeliveries: 0,
      mails: 1,
      notificationMessages: 0,
      outages: 0,
      mailedLinks: 1,
      auditEntries: 1,
      metricSnapshots: 0,
      linkCards: 0,
      events: 2,
    });
    const [hole] = await harness.sql<{ told: boolean }>(
      `select cleaned_to = (select max(id) from events where message = 'new') - 1 as told from event_log`,
    );
    expect(hole?.told).toBe(true);
    expect(await harness.sql('select message from events order by id')).toEqual([
      { message: 'told' },
      { message: 'new' },
    ]);
    expect(await harness.sql("select publication_id from events where message = 'told'")).toEqual([
      { publication_id: coming },
    ]);
    expect(await runCleanUp(harness.core, retention)).toEqual({
      notifications: 0,
      idempotencyKeys: 0,
      oauthStates: 0,
      liveTickets: 0,
      invitations: 0,
      sessions: 0,
      webhookDeliveries: 0,
      mails: 0,
      notificationMessages: 0,
      outages: 0,
      mailedLinks: 0,
      auditEntries: 0,
      metricSnapshots: 0,
      linkCards: 0,
      events: 0,
    });
  });

  test('told to stop it deletes nothing more', async () => {
    await harness.sql(
      `insert into live_tickets (token_hash, organization_id, expires_at) values ('stop', $1, now() - interval '1 s')`,
      [actor.organizationId],
    );
    expect(await runCleanUp(harness.core, retention, AbortSignal.abort())).toMatchObject({ liveTickets: 0 });
    expect(await runCleanUp(harness.core, retention)).toMatchObject({ liveTickets: 1 });
  });

  test('passes more than one batch', async () => {
    await harness.sql('delete from events');
    await harness.sql(
      `insert into events (organization_id, type, message, at) select $1, 'token.refreshed', 'old', now() - interval '100 days' from generate_series(1, 4500)`,
      [actor.organizationId],
    );
    expect(await runCleanUp(harness.core, retention)).toMatchObject({ events: 4_500 });
  });
});

describe('the stalled detection', () => {
  test('counts what no publisher takes care of, and wakes the dispatchers', async () => {
    const { accountId } = await harness.addXAccount(actor, 'stalled', hourMs);
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await harness.addPublication(actor, accountId, { dueAt: minutesAgo(3) });
    await harness.addPublication(actor, accountId, { dueAt: minutesAgo(1) });
    await harness.addPublication(actor, accountId, { dueAt: minutesAgo(3), enqueuedUntil: minutesAgo(-1) });
    await harness.addPublication(actor, accountId, {
      status: 'publishing',
      dueAt: minutesAgo(9),
      leaseUntil: minutesAgo(3),
    });
    const notifiedBefore = harness.notified.filter((channel) => channel === 'dispatch').length;
    expect(await runStalledDetection(harness.core)).toEqual({ overdue: 1, abandoned: 1 });
    await expect
      .poll(() => harness.notified.filter((channel) => channel === 'dispatch').length)
      .toBeGreaterThan(notifiedBefore);
  });
});

describe('the health check', () => {
  const queue = { health: async () => ({ ok: true, latencyMs: 1, detail: 'fine' }) };
  const disk = queue;

  test('tells a service in health, and the platforms in trouble', async () => {
    await harness.sql(
      `insert into breakers (key, platform, state) values ('x', 'x', 'open'), ('bluesky', 'bluesky', 'closed')`,
    );
    expect(await runHealthCheck({ ...harness.core, queue, disk })).toMatchObject({
      ok: true,
      troubledPlatforms: { x: 'open' },
      databaseLatencyMs: expect.any(Number),
    });
  });

  test('tells a queue that is away', async () => {
    const away = { health: async () => ({ ok: false, latencyMs: 2, detail: 'away' }) };
    expect(await runHealthCheck({ ...harness.core, queue: away, disk })).toMatchObject({
      ok: false,
      queue: { ok: false },
    });
  });

  test('tells a disk that is full', async () => {
    const full = { health: async () => ({ ok: false, latencyMs: 2, detail: 'full' }) };
    expect(await runHealthCheck({ ...harness.core, queue, disk: full })).toMatchObject({
      ok: false,
      disk: { ok: false },
    });
  });
});

describe('reading accounts again', () => {
  const age = (accountId: string) =>
    harness.sql(`update accounts set profile_read_at = now() - interval '25 hours' where id = $1`, [accountId]);
  const nameOf = async (accountId: string) => {
    const rows = await harness.sql<{ name: string }>('select handle as name from accounts where id = $1', [accountId]);
    return rows[0]?.name;
  };

  test('follows a rename, once a day', async () => {
    const { accountId } = await harness.addXAccount(actor, 'before', hourMs);
    Object.assign(harness.x.grants.get('before') ?? {}, { username: 'after' });
    expect(await runAccountReread(harness.core)).toEqual({ changed: 0, unchanged: 0, unread: 0 });
    await age(accountId);
    expect(await runAccountReread(harness.core)).toEqual({ changed: 1, unchanged: 0, unread: 0 });
    expect(await nameOf(accountId)).toBe('after');
    expect(await runAccountReread(harness.core)).toEqual({ changed: 0, unchanged: 0, unread: 0 });
    await age(accountId);
    expect(await runAccountReread(harness.core)).toEqual({ changed: 0, unchanged: 1, unread: 0 });
  });

  test('in two processes at once asks once for each, and one that does not answer stops no other', async () => {
    const silent = await harness.addXAccount(actor, 'silent', hourMs);
    const renamed = await harness.addXAccount(actor, 'renamed', hourMs);
    Object.assign(harness.x.grants.get('silent') ?? {}, { isDead: true });
    Object.assign(harness.x.grants.get('renamed') ?? {}, { username: 'renamed2' });
    for (const { accountId } of [silent, renamed]) await age(accountId);
    const runs = await Promise.all([runAccountReread(harness.core), runAccountReread(harness.core)]);
    const sum = (key: 'changed' | 'unread') => runs.reduce((total, counts) => total + counts[key], 0);
    expect([sum('changed'), sum('unread')]).toEqual([1, 1]);
    expect([await nameOf(silent.accountId), await nameOf(renamed.accountId)]).toEqual(['silent', 'renamed2']);
  });

  test('leaves alone what waits for its people', async () => {
    const { accountId } = await harness.addXAccount(actor, 'away', hourMs);
    await age(accountId);
    await harness.sql(`update accounts set status = 'needs_reauth' where id = $1`, [accountId]);
    expect(await runAccountReread(harness.core)).toEqual({ changed: 0, unchanged: 0, unread: 0 });
  });
});
