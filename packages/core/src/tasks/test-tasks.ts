import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { Actor } from '../actor.ts';
import { type AccountsHarness, createAccountsHarness } from '../accounts/test-accounts.ts';

export const hourMs = 3_600_000;
export let harness: AccountsHarness;
export let actor: Actor & { userId: string };

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
