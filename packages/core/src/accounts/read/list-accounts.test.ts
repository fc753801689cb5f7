import { expect, inject, onTestFinished, test } from 'vitest';
import type { AccountsQuery } from '@vibetribe/contracts/account';
import { disconnectAccount } from '../disconnect-account.ts';
import { getTokenStats } from '../tokens/get-token-stats.ts';
import { listAccounts } from './list-accounts.ts';
import { markGrantDead } from '../grants/mark-grant-dead.ts';
import { createAccountsHarness } from '../test-accounts.ts';

const hourMs = 3_600_000;

test('a list shows what a statistic counts, and may be of one status or platform', async () => {
  const harness = await createAccountsHarness(inject('postgresUrl'));
  onTestFinished(() => harness[Symbol.asyncDispose]());
  const actor = await harness.addOrganization();
  const add = (name: string, endsInMs: number) => harness.addXAccount(actor, name, endsInMs);
  for (const endsInMs of [-1, 30 * 60_000, 20 * hourMs, 100 * hourMs, 1_000 * hourMs])
    await add(`${endsInMs}`, endsInMs);
  const dead = await add('dead', 20 * 60_000);
  await markGrantDead(harness.core, { id: dead.grantId, refreshFence: 0 }, 'X');
  const gone = await add('gone', 20 * 60_000);
  await disconnectAccount(harness.core, actor, { accountId: gone.accountId });
  const listed = async (query: AccountsQuery) =>
    (await listAccounts(harness.core, actor, { limit: 100, afterId: null, ...query })).items.map(({ id }) => id);

  const { expiringWithin } = await getTokenStats(harness.core, actor);
  expect(expiringWithin).toEqual({ '1h': 2, '24h': 3, '7d': 4 });
  for (const [window, count] of Object.entries(expiringWithin))
    expect(await listed({ expiringWithin: window }), window).toHaveLength(count);
  expect(await listed({ expiringWithin: '1h', status: 'needs_reauth' })).toEqual([dead.accountId]);
  expect(await listed({ status: 'disconnected', platform: 'x' })).toEqual([gone.accountId]);
  expect(await listed({ platform: 'mastodon' })).toEqual([]);
});
