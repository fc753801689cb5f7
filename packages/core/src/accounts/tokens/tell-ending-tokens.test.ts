import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { storeGrant } from '../grants/store-grant.ts';
import { tellEndingTokens } from './tell-ending-tokens.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';

let harness: AccountsHarness;
let actor: Actor;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  await harness.sql('delete from accounts');
  await harness.sql('delete from grants');
  await harness.sql('delete from notifications');
  actor = await harness.addOrganization();
});

const dayMs = 86_400_000;

/** A grant of two accounts; only an approved partner's can be renewed. */
async function connect(endsInDays: number, refreshToken?: string): Promise<void> {
  const expiresAt = new Date(harness.core.clock.now().getTime() + endsInDays * dayMs).toISOString();
  const accounts = ['ada', 'acme'].map((handle) => ({
    externalId: `urn:li:person:${handle}`,
    handle,
    displayName: handle,
  }));
  const credentials = {
    accessToken: 't',
    ...(refreshToken === undefined ? {} : { refreshToken }),
    expiresAt,
    scopes: [],
  };
  await storeGrant(
    harness.core,
    actor.organizationId,
    'linkedin',
    { credentials, service: null, accounts },
    { source: 'oauth' },
  );
}

/** As if so many days had gone by. */
const pass = (days: number) =>
  harness.sql(
    `update grants set expires_at = expires_at - make_interval(days => $1), refreshed_at = refreshed_at - make_interval(days => $1),
      ending_told_of = ending_told_of - make_interval(days => $1)`,
    [days],
  );
const run = () => tellEndingTokens(harness.core);
const told = () =>
  harness.sql<{ title: string; body: string }>(
    `select title, body, data from notifications where organization_id = $1 and kind = 'account_token_ending' order by created_at, title`,
    [actor.organizationId],
  );

test('a token that cannot be renewed is told of two weeks and three days ahead, once for each account, whoever runs', async () => {
  await connect(60);
  expect(await run()).toEqual({ told: 0 });
  await pass(47);
  const runs = await Promise.all([run(), run(), run()]);
  expect(runs.reduce((sum, each) => sum + each.told, 0)).toBe(2);
  expect(await told()).toMatchObject([
    { title: expect.stringMatching(/^The access to acme ends on \d{4}-\d\d-\d\d$/u), data: { platform: 'linkedin' } },
    { body: expect.stringContaining('Connect the account again before') },
  ]);
  await pass(9);
  expect(await run()).toEqual({ told: 0 });
  await pass(2);
  expect([await run(), await run()]).toEqual([{ told: 2 }, { told: 0 }]);
  await connect(60);
  await pass(47);
  expect(await run()).toEqual({ told: 2 });
});

test('nobody is told of a token that is renewed by itself, that never lived longer, or that has ended', async () => {
  await connect(10, 'refresh-token');
  await harness.addXAccount(actor, 'short', 2 * 3_600_000);
  expect(await run()).toEqual({ told: 0 });
  await connect(10);
  await pass(11);
  expect(await run()).toEqual({ told: 0 });
});

test('a failure that comes between the mark and the telling leaves neither', async () => {
  await connect(10);
  await harness.sql('alter table notifications rename to notifications_away');
  await expect(run()).rejects.toThrow(/./u);
  await harness.sql('alter table notifications_away rename to notifications');
  expect(await run()).toEqual({ told: 2 });
});
