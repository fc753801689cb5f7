import { addAttempt, addBreaker } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { createCaches } from '../../caches.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { getAccount } from './get-account.ts';
import { listAccounts } from './list-accounts.ts';
import { createPlatformRules, listPlatforms } from '../../platforms/list-platforms.ts';
import { markGrantDead } from '../grants/mark-grant-dead.ts';
import { refreshAccount } from '../tokens/refresh-account.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';
import { getTokenStats } from '../tokens/get-token-stats.ts';

const hourMs = 3_600_000;
let harness: AccountsHarness;
let actor: Actor;

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addOrganization();
});

const addAccount = (expiresInMs = hourMs, of = actor) => harness.addNewXAccount(of, expiresInMs);

describe('reading', () => {
  test('pages through all accounts once, in order', async () => {
    for (let index = 0; index < 5; index += 1) await addAccount();
    const first = await listAccounts(harness.core, actor, { limit: 3, afterId: null });
    const second = await listAccounts(harness.core, actor, { limit: 3, afterId: first.items.at(-1)?.id ?? '' });
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(5);
  });

  test('counts tokens by their end', async () => {
    for (const endsInMs of [-1, 30 * 60_000, 20 * hourMs, 100 * hourMs, 1_000 * hourMs]) await addAccount(endsInMs);
    const { accountId, grantId } = await addAccount();
    await markGrantDead(harness.core, { id: grantId, refreshFence: 0 }, 'X');
    const gone = await addAccount();
    await disconnectAccount(harness.core, actor, { accountId: gone.accountId });
    const counts = { total: 6, expired: 1, expiringWithin: { '1h': 2, '24h': 3, '7d': 4 }, needsReauth: 1 };
    expect(await getTokenStats(harness.core, actor)).toEqual({ ...counts, byPlatform: { x: counts } });
    expect(await getAccount(harness.core, actor, { accountId })).toMatchObject({ status: 'needs_reauth' });
  });

  test('the limit is what the last hour has left', async () => {
    const { accountId } = await addAccount();
    const publication = await harness.addPublication(actor, accountId);
    for (const [number, minutes] of [
      [1, 61],
      [2, 40],
      [3, 5],
    ] as const) {
      const startedAt = new Date(Date.now() - minutes * 60_000);
      const sent = { organizationId: actor.organizationId, publicationId: publication, accountId };
      await addAttempt(harness.sql, { ...sent, number, startedAt });
    }
    const { limits } = await getAccount(harness.core, actor, { accountId });
    expect(limits).toMatchObject([
      { name: 'posts_per_hour', limit: 10, remaining: 8 },
      { name: 'app_posts_per_day', limit: 20, remaining: 17 },
    ]);
    expect(Date.parse(limits[0]?.resetAt ?? '') - Date.now()).toBeGreaterThan(19 * 60_000);
  });

  test('what the platform itself said about its limits holds, whatever was counted', async () => {
    const { accountId } = await addAccount();
    await harness.sql(`update accounts set posts_closed_until = now() + interval '10 minutes' where id = $1`, [
      accountId,
    ]);
    const { limits } = await getAccount(harness.core, actor, { accountId });
    expect(limits[0]).toMatchObject({ name: 'posts_per_hour', limit: 10, remaining: 0 });
    expect(Date.parse(limits[0]?.resetAt ?? '') - Date.now()).toBeGreaterThan(9 * 60_000);
    await harness.sql(`update grants set source = 'manual'`);
    expect((await getAccount(harness.core, actor, { accountId })).limits).toHaveLength(1);
  });

  test('every platform tells its rules, its form and the worst of its breakers', async () => {
    for (const [server, state] of [
      ['a', 'closed'],
      ['b', 'half_open'],
    ] as const)
      await addBreaker(harness.sql, { key: `mastodon|https://${server}.example`, platform: 'mastodon', state });
    const caches = createCaches({ clock: harness.core.clock, defaultTtlMs: 60_000 });
    const platformRules = createPlatformRules(harness.core, caches);
    const list = () => listPlatforms({ ...harness.core, platformRules }, actor);
    await list();
    await harness.sql(`update breakers set state = 'open' where key = 'mastodon|https://a.example'`);
    const items = await list();
    const byId = new Map(items.map((item) => [item.id, item]));
    expect(byId.get('x')).toMatchObject({
      breaker: 'closed',
      connect: { oauth: true },
      rules: { text: { max: 280 } },
      limits: [
        { name: 'posts_per_hour', limit: 10 },
        { name: 'app_posts_per_day', limit: 20 },
      ],
    });
    expect(byId.get('mastodon')).toMatchObject({
      breaker: 'open',
      rules: { options: { type: 'object', additionalProperties: false } },
    });
    expect(byId.get('bluesky')?.manualFields).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'appPassword', secret: true })]),
    );
  });
});

describe('tenants and limited keys', () => {
  test("another organization's account does not exist, for any verb", async () => {
    const { accountId } = await addAccount();
    const stranger = await harness.addOrganization();
    for (const verb of [getAccount, refreshAccount, disconnectAccount]) {
      await expect(verb(harness.core, stranger, { accountId })).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await listAccounts(harness.core, stranger, { limit: 100, afterId: null })).toEqual({
      items: [],
      hasMore: false,
    });
    expect(await getTokenStats(harness.core, stranger)).toMatchObject({ total: 0, byPlatform: {} });
  });

  test('a key that is limited to some accounts sees and ends no other', async () => {
    const mine = await addAccount();
    const other = await addAccount();
    const limited: Actor = { ...actor, accountIds: [mine.accountId] };
    expect(
      (await listAccounts(harness.core, limited, { limit: 100, afterId: null })).items.map(({ id }) => id),
    ).toEqual([mine.accountId]);
    await expect(disconnectAccount(harness.core, limited, { accountId: other.accountId })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await getTokenStats(harness.core, limited)).toMatchObject({ total: 1 });
  });
});
