import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { storeGrant } from './store-grant.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';

let harness: AccountsHarness;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

let grants = 0;
function connect(actor: Actor, externalIds: readonly string[]): Promise<string[]> {
  grants += 1;
  const connected = {
    credentials: { accessToken: `at_shared${grants}`, refreshToken: `rt_shared${grants}`, scopes: [] },
    service: null,
    accounts: externalIds.map((externalId) => ({ externalId, handle: externalId, displayName: externalId })),
  };
  return storeGrant(harness.core, actor.organizationId, 'x', connected, { source: 'oauth' });
}

const codeOf = (outcome: PromiseSettledResult<unknown>): unknown => {
  if (outcome.status === 'fulfilled') return 'done';
  const reason: unknown = outcome.reason;
  const cause = reason instanceof Error ? (reason.cause ?? reason) : reason;
  return cause instanceof Error ? (Reflect.get(cause, 'code') ?? cause.message) : cause;
};

describe('a grant that opens several accounts', () => {
  test('is connected and disconnected by many at once, in any order of its accounts, and nobody is broken off', async () => {
    const actor = await harness.addOrganization();
    const pages = ['page1', 'page2', 'page3', 'page4', 'page5'];
    const ids = await connect(actor, pages);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) => {
        const turned = [...pages.slice(index % 5), ...pages.slice(0, index % 5), `new${index % 7}`];
        if (index % 4 === 3) return disconnectAccount(harness.core, actor, { accountId: ids[index % 5] ?? '' });
        return connect(actor, index % 2 === 0 ? turned : turned.reverse());
      }),
    );
    expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['done']));
  });

  test('its credentials are destroyed and revoked by the last account that is disconnected, also where all are at once', async () => {
    const actor = await harness.addOrganization();
    for (let round = 0; round < 15; round += 1) {
      const ids = await connect(actor, [`a${round}`, `b${round}`, `c${round}`]);
      const token = `at_shared${grants}`;
      await Promise.all(ids.map((accountId) => disconnectAccount(harness.core, actor, { accountId })));
      expect(
        await harness.sql(
          `select g.credentials from grants g join accounts a on a.grant_id = g.id where a.id = $1`,
          ids.slice(0, 1),
        ),
      ).toEqual([{ credentials: '' }]);
      expect(harness.x.revoked.filter((revoked) => revoked === token)).toHaveLength(1);
    }
  });

  test('lives on while one of its accounts does', async () => {
    const actor = await harness.addOrganization();
    const [first = '', second = ''] = await connect(actor, ['left', 'right']);
    const token = `at_shared${grants}`;
    await disconnectAccount(harness.core, actor, { accountId: first });
    expect(harness.x.revoked).not.toContain(token);
    await disconnectAccount(harness.core, actor, { accountId: second });
    expect(harness.x.revoked).toContain(token);
  });
});
