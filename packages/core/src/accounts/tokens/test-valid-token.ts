import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { Actor } from '../../actor.ts';
import { refreshPolicy } from './request-refresh.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';

export const fast = { ...refreshPolicy, backoff: { baseMs: 5, capMs: 20 }, waitMs: 300, pollMs: 10 };
export let harness: AccountsHarness;
export let actor: Actor;

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addOrganization();
  harness.x.fault = () => null;
  harness.x.beforeAnswer = () => Promise.resolve();
});

export const addAccount = (expiresInMs: number) => harness.addNewXAccount(actor, expiresInMs);

export async function stateOf(grantId: string) {
  const [row] = await harness.sql<{
    status: string;
    dead: boolean;
    refresh_failures: number;
    leased: boolean;
    notifications: number;
  }>(
    `select a.status, g.dead_at is not null as dead, g.refresh_failures, g.refresh_until is not null as leased,
       (select count(*)::int from notifications n where n.data ->> 'accountId' = a.id) as notifications
     from grants g join accounts a on a.grant_id = g.id where g.id = $1`,
    [grantId],
  );
  return row;
}
