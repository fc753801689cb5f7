import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PublishRun } from '@vibetribe/platforms/port/publish';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const gone = () =>
  new PlatformError('policy', 'X says that the account is deactivated', {
    platformCode: 'AccountDeactivated',
    accountGone: 'is deactivated',
  });

/** The platform refuses every send, inside its visible step. */
function refuseSends(): void {
  Object.assign(harness.platform.adapter, {
    publish: (send: PublishRun) =>
      send.step({ name: 'publish', effect: 'once', run: () => Promise.reject(gone()) }) as Promise<never>,
  });
}

/** The token has ended, and the platform refuses to renew it. */
async function refuseRenewal(accountId: string): Promise<void> {
  await harness.sql(
    `update grants set expires_at = now() - interval '1 hour' where id = (select grant_id from accounts where id = $1)`,
    [accountId],
  );
  Object.assign(harness.platform.adapter, {
    refresh: { cost: 'rotating', isPossible: () => true, refresh: () => Promise.reject(gone()) },
  });
}

const accountOf = (id: string) => harness.sql('select status from accounts where id = $1', [id]);
const told = () =>
  harness.sql<{ kind: string; title: string; body: string }>('select kind, title, body from notifications');

async function lookAgain(id: string, times: number): Promise<void> {
  const engine = harness.engine();
  for (let look = 0; look < times; look += 1) {
    await harness.makeDue(id);
    await engine.publish(id);
  }
}

describe('an account that is gone', () => {
  test.each(['send', 'renewal'] as const)(
    'says so at the %s: once, with the reason, and its post waits without being asked for again and again',
    async (where) => {
      const account = await harness.addAccount();
      const id = await harness.addPublication(account);
      if (where === 'send') refuseSends();
      else await refuseRenewal(account.accountId);
      await harness.engine().publish(id);
      expect(await accountOf(account.accountId)).toEqual([{ status: 'needs_reauth' }]);
      expect(await told()).toEqual([
        expect.objectContaining({
          kind: 'account_needs_reauth',
          title: 'someone is deactivated, says X',
          body: expect.stringContaining('is deactivated'),
        }),
      ]);
      expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'token', attempts: 0 });
      await lookAgain(id, 20);
      expect((await harness.timeline(id)).length).toBeLessThan(6);
      expect(await told()).toHaveLength(1);
    },
  );

  test('leaves a send in doubt to a person at once', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    harness.platform.behave('accept_then_lose_reply');
    await harness.engine().publish(id);
    Object.assign(harness.platform.adapter, { reconcile: () => Promise.reject(gone()) });
    await lookAgain(id, 1);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed' });
    expect((await told()).map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'account_needs_reauth',
      'publication_unconfirmed',
    ]);
  });

  test('stops no other account of its grant', async () => {
    const account = await harness.addAccount();
    await harness.sql(
      `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name)
       select id || '_page', organization_id, grant_id, platform, 'page', 'page', 'Page' from accounts where id = $1`,
      [account.accountId],
    );
    const id = await harness.addPublication(account);
    refuseSends();
    await harness.engine().publish(id);
    expect(await accountOf(account.accountId)).toEqual([{ status: 'needs_reauth' }]);
    expect(await accountOf(`${account.accountId}_page`)).toEqual([{ status: 'active' }]);
  });
});
