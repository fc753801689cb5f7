import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import { ConnectionLostError } from '@vibetribe/db/product-pool';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { disconnectAccount } from './disconnect-account.ts';
import { getAccount } from './read/get-account.ts';
import { getValidToken } from './tokens/get-valid-token.ts';
import { markGrantDead } from './grants/mark-grant-dead.ts';
import { refreshAccount } from './tokens/refresh-account.ts';
import { storeGrant } from './grants/store-grant.ts';
import { type AccountsHarness, createAccountsHarness } from './test-accounts.ts';

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

const addXAccount = (expiresInMs = hourMs, of = actor) => harness.addNewXAccount(of, expiresInMs);

const publicationOf = async (id: string) =>
  (
    await harness.sql<{ status: string; waiting_reason: string | null; due: boolean }>(
      'select status, waiting_reason, due_at <= clock_timestamp() as due from publications where id = $1',
      [id],
    )
  )[0];

describe('connecting a known account again', () => {
  test('keeps its id, makes it active, and lets go on what waited for it', async () => {
    const { accountId, grantId, username } = await addXAccount();
    await markGrantDead(harness.core, { id: grantId, refreshFence: 0 }, 'X');
    const waiting = await harness.addPublication(actor, accountId, {
      status: 'waiting',
      waitingReason: 'token',
      waitingDetail: 'dead',
    });
    const asking = await harness.addPublication(actor, accountId, {
      status: 'waiting',
      waitingReason: 'reconciling',
      intentAt: new Date(),
    });
    const limited = await harness.addPublication(actor, accountId, {
      status: 'waiting',
      waitingReason: 'rate_limit',
      dueAt: new Date(Date.now() + hourMs),
    });
    const again = await harness.addXAccount(actor, username, hourMs);
    expect(again.accountId).toBe(accountId);
    expect(again.grantId).not.toBe(grantId);
    expect(await getAccount(harness.core, actor, { accountId })).toMatchObject({ status: 'active' });
    expect(await publicationOf(waiting)).toMatchObject({ due: true });
    expect(await publicationOf(asking)).toMatchObject({ due: true });
    expect(await publicationOf(limited)).toMatchObject({ due: false });
    expect(harness.notified).toContain('dispatch');
    expect(await harness.sql('select 1 from grants where id = $1', [grantId])).toEqual([]);
    expect(
      await harness.sql(`select 1 from events where type = 'account.reconnected' and data ->> 'accountId' = $1`, [
        accountId,
      ]),
    ).toHaveLength(1);
  });

  test('at the same time from two sides makes one account and keeps one grant', async () => {
    const both = await Promise.all([
      harness.addXAccount(actor, 'twins', hourMs),
      harness.addXAccount(actor, 'twins', hourMs),
    ]);
    expect(new Set(both.map(({ accountId }) => accountId)).size).toBe(1);
    expect(await harness.sql('select 1 from accounts where organization_id = $1', [actor.organizationId])).toHaveLength(
      1,
    );
    expect(await harness.sql('select 1 from grants where organization_id = $1', [actor.organizationId])).toHaveLength(
      1,
    );
  });

  test('in another organization makes an account of its own', async () => {
    const other = await harness.addOrganization();
    const { accountId, username } = await addXAccount();
    const theirs = await harness.addXAccount(other, username, hourMs);
    expect(theirs.accountId).not.toBe(accountId);
  });
});

describe('disconnecting', () => {
  test('cancels what was scheduled and says why, destroys the credentials, and asks the platform to forget', async () => {
    const { accountId, grantId, username } = await addXAccount();
    const scheduled = await harness.addPublication(actor, accountId, { dueAt: new Date(Date.now() + hourMs) });
    const draft = await harness.addPublication(actor, accountId, { status: 'draft' });
    const sending = await harness.addPublication(actor, accountId, {
      status: 'publishing',
      intentAt: new Date(),
      leaseUntil: new Date(Date.now() + hourMs),
    });
    await disconnectAccount(harness.core, actor, { accountId });
    expect(await publicationOf(scheduled)).toMatchObject({ status: 'canceled' });
    expect(await publicationOf(draft)).toMatchObject({ status: 'draft' });
    expect(await publicationOf(sending)).toMatchObject({ status: 'publishing' });
    const [told] = await harness.sql<{ message: string }>(
      `select message from events where publication_id = $1 and type = 'publication.canceled'`,
      [scheduled],
    );
    expect(told?.message).toContain('disconnected');
    const [grant] = await harness.sql<{ credentials: string }>('select credentials from grants where id = $1', [
      grantId,
    ]);
    expect(grant?.credentials).toBe('');
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'dead' });
    expect(harness.x.revoked).toContain(harness.x.grants.get(username)?.refreshToken);
    expect(await getAccount(harness.core, actor, { accountId })).toMatchObject({
      status: 'disconnected',
      tokenExpiresAt: null,
    });
    await disconnectAccount(harness.core, actor, { accountId });
  });

  test('revokes the grant also where the answer to the commit that destroyed it was lost', async () => {
    const { accountId, username } = await addXAccount();
    const { db } = harness.core;
    let losses = 0;
    const asTenant: typeof db.asTenant = async (organizationId, work) => {
      const result = await db.asTenant(organizationId, work);
      losses += 1;
      if (losses > 1) return result;
      throw new ConnectionLostError('the answer to a commit was lost');
    };
    await expect(
      disconnectAccount({ ...harness.core, db: { ...db, asTenant } }, actor, { accountId }),
    ).rejects.toBeInstanceOf(ConnectionLostError);
    expect(harness.x.revoked).toContain(harness.x.grants.get(username)?.refreshToken);
  });

  test('does not revoke a grant whose destruction was rolled back', async () => {
    const { accountId, username } = await addXAccount();
    const { db } = harness.core;
    const asTenant: typeof db.asTenant = (organizationId, work) =>
      db.asTenant(organizationId, async (tx) => {
        await work(tx);
        throw new ConnectionLostError('the connection was lost before the commit');
      });
    await expect(
      disconnectAccount({ ...harness.core, db: { ...db, asTenant } }, actor, { accountId }),
    ).rejects.toBeInstanceOf(ConnectionLostError);
    expect(harness.x.revoked).not.toContain(harness.x.grants.get(username)?.refreshToken);
  });

  test('leaves a grant alone that still opens another account', async () => {
    const { accountId, grantId } = await addXAccount();
    await addAccount(harness.sql, { organizationId: actor.organizationId, grantId });
    await disconnectAccount(harness.core, actor, { accountId });
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'valid' });
  });
});

describe('refreshing by hand', () => {
  test('gives a later end', async () => {
    const { accountId, username } = await addXAccount(hourMs);
    expect(await refreshAccount(harness.core, actor, { accountId })).toMatchObject({
      tokenExpiresIn: expect.stringMatching(/^(1 h 59 min|2 h)$/),
      refreshed: true,
      notRefreshed: null,
    });
    expect(harness.x.grants.get(username)?.refreshes).toBe(1);
  });

  test('is done for a token whose end nobody knows, too', async () => {
    const { accountId, grantId, username } = await addXAccount();
    await harness.sql('update grants set expires_at = null where id = $1', [grantId]);
    expect(await refreshAccount(harness.core, actor, { accountId })).toMatchObject({ refreshed: true });
    expect(harness.x.grants.get(username)?.refreshes).toBe(1);
  });

  const day = 24 * hourMs;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  test.each<[string, PlatformId, Partial<Credentials>, string, RegExp]>([
    [
      'with an end and nothing to refresh it with',
      'x',
      { expiresAt: at(hourMs) },
      'no_refresh_token',
      /connected again/,
    ],
    [
      'that has ended, with nothing to refresh it with',
      'x',
      { expiresAt: at(-hourMs) },
      'no_refresh_token',
      /connected again/,
    ],
    ['without an end', 'mastodon', {}, 'not_supported', /Mastodon has no way/],
    ['of a bot', 'discord', {}, 'not_supported', /Discord has no way/],
    [
      'of an hour ago',
      'instagram',
      { expiresAt: at(60 * day), issuedAt: at(-hourMs) },
      'too_early',
      /can be refreshed from 20/,
    ],
    [
      'of this hour',
      'threads',
      { expiresAt: at(60 * day), issuedAt: at(-hourMs) },
      'too_early',
      /can be refreshed from 20/,
    ],
    ['of a page', 'facebook', {}, 'no_refresh_token', /no known end/],
  ])('of a token %s tells that nothing was refreshed, and why (%s)', async (_what, platform, given, reason, detail) => {
    const [accountId = ''] = await storeGrant(
      harness.core,
      actor.organizationId,
      platform,
      {
        credentials: { accessToken: 'kept', scopes: [], ...given },
        service: platform === 'mastodon' ? 'https://social.example' : null,
        accounts: [{ externalId: '1', handle: 'one', displayName: 'One' }],
      },
      { source: 'manual' },
    );
    const answer = await refreshAccount(harness.core, actor, { accountId });
    expect(answer).toMatchObject({ id: accountId, status: 'active', refreshed: false, notRefreshed: { reason } });
    expect(answer.notRefreshed?.detail).toMatch(detail);
  });

  test('that the platform does not answer leaves a good token, and says so; a bad one is told to be tried again', async () => {
    const lasting = await addXAccount(hourMs);
    const ended = await addXAccount(-1);
    harness.x.fault = () => ({ status: 500 });
    try {
      const answers = await Promise.allSettled(
        [lasting, ended].map(({ accountId }) => refreshAccount(harness.core, actor, { accountId })),
      );
      expect(answers).toMatchObject([
        { value: { refreshed: false, notRefreshed: { reason: 'platform_unavailable' } } },
        { reason: { code: 'platform_unavailable' } },
      ]);
    } finally {
      harness.x.fault = () => null;
    }
  });

  test('of a dead grant says that the account has to be connected again', async () => {
    const { accountId, username } = await addXAccount();
    Object.assign(harness.x.grants.get(username) ?? {}, { isDead: true });
    await expect(refreshAccount(harness.core, actor, { accountId })).rejects.toMatchObject({
      code: 'platform_rejected',
    });
    expect(await getAccount(harness.core, actor, { accountId })).toMatchObject({ status: 'needs_reauth' });
  });
});

test('no token that was ever used stands in any table', async () => {
  await addXAccount();
  const tokens = [...harness.x.grants.values()].flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
  expect(tokens.length).toBeGreaterThan(10);
  const dump = await dumpText();
  expect(dump).toContain('enc:v1:');
  for (const token of tokens) expect(dump.includes(token)).toBe(false);
  expect(dump).not.toMatch(/\b(at|rt)_[0-9a-f_]{16}/);
});

async function dumpText(): Promise<string> {
  const tables = await harness.sql<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  const parts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await harness.sql<{ row: string }>(`select t::text as row from ${pg.escapeIdentifier(name)} t`);
      return rows.map(({ row }) => row).join('\n');
    }),
  );
  return parts.join('\n');
}
