import { addBreaker } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { describe, expect, test } from 'vitest';
import { refreshExpiringGrants } from '../accounts/tokens/refresh-expiring-grants.ts';
import { refreshPolicy } from '../accounts/tokens/request-refresh.ts';
import { runHealthCheck } from './check-health.ts';
import { runStalledDetection } from './detect-stalled.ts';
import { runTokenRefresh } from './refresh-tokens.ts';
import { runAccountReread } from './reread-accounts.ts';
import { hourMs, harness, actor } from './test-tasks.ts';

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
    await addBreaker(harness.sql, { platform: 'x', state: 'open' });
    await addBreaker(harness.sql, { platform: 'bluesky', state: 'closed' });
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
