import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { createTestHarness } from '../../publishing/testing/test-harness.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { markGrantDead } from './mark-grant-dead.ts';

test('a grant that is found dead while its account is disconnected: neither of the two fails', async () => {
  await using harness = await createTestHarness(inject('postgresUrl'));
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  const [grant] = await harness.sql<{ id: string }>('select id from grants');
  const { organizationId } = account;
  const actor: Actor = {
    organizationId,
    userId: null,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: 'user:test',
  };
  const waiting = async (count: number) =>
    expect
      .poll(() =>
        harness.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
      )
      .toHaveLength(count);

  const ends = await harness.deps.db.asWorker(async (tx) => {
    await tx.execute(sql`select 1 from publications where id = ${id} for update`);
    const disconnecting = disconnectAccount(harness.deps, actor, account);
    await waiting(1);
    const dying = markGrantDead(harness.deps, { id: grant?.id ?? '', refreshFence: 0 }, 'X');
    await waiting(2);
    return [disconnecting, dying];
  });
  expect((await Promise.allSettled(ends)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await harness.sql('select status from accounts')).toEqual([{ status: 'disconnected' }]);
});
