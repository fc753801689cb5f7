import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionLostError } from '@vibetribe/db/product-pool';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { getValidToken } from './get-valid-token.ts';
import { markGrantDead } from '../grants/mark-grant-dead.ts';
import { readGrant } from '../grants/read-grant.ts';
import { refreshExpiringGrants } from './refresh-expiring-grants.ts';
import { openCredentials, sealCredentials } from '../grants/seal-credentials.ts';
import { type AccountsHarness, createAccountsHarness, openTestCore } from '../test-accounts.ts';

let harness: AccountsHarness;
let actor: Actor;

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addOrganization();
  harness.x.beforeAnswer = () => Promise.resolve();
});

const addAccount = () => harness.addNewXAccount(actor, -1);

async function storedCredentials(grantId: string) {
  const grant = await harness.core.db.asWorker((tx) => readGrant(tx, grantId));
  return grant === null ? null : openCredentials(harness.core.keyRing, grant, grant.sealedCredentials);
}

const stateOf = (accountId: string) =>
  harness.sql('select a.status, g.dead_at from accounts a join grants g on g.id = a.grant_id where a.id = $1', [
    accountId,
  ]);
const alive = [{ status: 'active', dead_at: null }];

describe('what the platform has answered is kept', () => {
  test('while the database is away: eight refreshes in flight, none is lost', async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, addAccount));
    const answered = Promise.withResolvers<void>();
    let answers = 0;
    harness.x.beforeAnswer = async () => {
      answers += 1;
      if (answers === accounts.length) answered.resolve();
      await answered.promise;
      await away;
    };
    const away = answered.promise.then(() => harness.databaseAway());
    const refreshing = refreshExpiringGrants(harness.core, { withinMs: 60_000, concurrency: 11, batchSize: 100 });
    const back = await away;
    await pause(2_000);
    await back[Symbol.asyncDispose]();
    expect(await refreshing).toMatchObject({ refreshed: 8, later: 0 });
    for (const { grantId, accountId, xGrant } of accounts) {
      expect(await storedCredentials(grantId)).toMatchObject({ refreshToken: xGrant.refreshToken });
      expect(xGrant).toMatchObject({ refreshes: 1, isDead: false });
      expect(await stateOf(accountId)).toEqual(alive);
    }
  });

  test('while its table is locked longer than a statement may wait', async () => {
    const { grantId, xGrant } = await addAccount();
    const locked = Promise.withResolvers<void>();
    harness.x.beforeAnswer = () => locked.promise;
    const refreshing = getValidToken(harness.core, grantId);
    await expect.poll(() => xGrant.refreshes).toBe(1);
    const lock = harness.sql(`do $$ begin lock table grants in share row exclusive mode; perform pg_sleep(10); end $$`);
    await expect.poll(() => harness.sql(`select 1 from pg_locks where mode = 'ShareRowExclusiveLock'`)).toHaveLength(1);
    locked.resolve();
    expect(await refreshing).toMatchObject({ kind: 'valid', refreshed: true });
    await lock;
    expect(await storedCredentials(grantId)).toMatchObject({ refreshToken: xGrant.refreshToken });
  });

  test('where the answer to its commit was lost: once, and told once', async () => {
    const { grantId, accountId, xGrant } = await addAccount();
    let losses = 0;
    let isAnswered = false;
    harness.x.beforeAnswer = async () => void (isAnswered = true);
    const { db } = harness.core;
    const asWorker: typeof db.asWorker = async (work) => {
      const result = await db.asWorker(work);
      if (!isAnswered || losses > 0) return result;
      losses += 1;
      throw new ConnectionLostError('the answer to a commit was lost');
    };
    expect(
      await getValidToken({ ...harness.core, db: { ...db, lasting: { ...db.lasting, asWorker } } }, grantId),
    ).toMatchObject({
      kind: 'valid',
      refreshed: true,
    });
    expect(losses).toBe(1);
    expect(await storedCredentials(grantId)).toMatchObject({ refreshToken: xGrant.refreshToken });
    expect(
      await harness.sql(`select 1 from events where type = 'token.refreshed' and data ->> 'accountId' = $1`, [
        accountId,
      ]),
    ).toHaveLength(1);
  });

  test('where another process has lost it meanwhile and took the old token for dead: the account is back, and what waited goes on', async () => {
    const { grantId, accountId, xGrant } = await addAccount();
    const waiting = await harness.addPublication(actor, accountId, {
      status: 'waiting',
      waitingReason: 'token',
      waitingDetail: 'The account must be connected again; then it goes out.',
    });
    harness.x.beforeAnswer = async () => {
      await harness.sql('update grants set refresh_fence = refresh_fence + 1 where id = $1', [grantId]);
      const grant = await harness.core.db.asWorker((tx) => readGrant(tx, grantId));
      if (grant === null) throw new Error('no grant');
      expect(await markGrantDead(harness.core, grant, 'X')).toBe(true);
    };
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'valid', refreshed: true });
    expect(await storedCredentials(grantId)).toMatchObject({ refreshToken: xGrant.refreshToken });
    expect(await stateOf(accountId)).toEqual(alive);
    expect(await harness.sql('select due_at is not null as due from publications where id = $1', [waiting])).toEqual([
      { due: true },
    ]);
    expect(
      await harness.sql(`select 1 from events where type = 'account.reconnected' and data ->> 'accountId' = $1`, [
        accountId,
      ]),
    ).toHaveLength(1);
  });

  test('and a verdict on the old token that comes later ends nothing', async () => {
    const { grantId, accountId } = await addAccount();
    let asked: Awaited<ReturnType<typeof readGrant>> = null;
    harness.x.beforeAnswer = async () => {
      await harness.sql('update grants set refresh_fence = refresh_fence + 1 where id = $1', [grantId]);
      asked = await harness.core.db.asWorker((tx) => readGrant(tx, grantId));
    };
    await getValidToken(harness.core, grantId);
    if (asked === null) throw new Error('no grant');
    expect(await markGrantDead(harness.core, asked, 'X')).toBe(false);
    expect(await stateOf(accountId)).toEqual(alive);
  });

  test('where the credentials were only sealed anew meanwhile', async () => {
    const { grantId, xGrant } = await addAccount();
    const before = await storedCredentials(grantId);
    if (before === null) throw new Error('no credentials');
    harness.x.beforeAnswer = async () => {
      const again = sealCredentials(
        harness.core.keyRing,
        { id: grantId, organizationId: actor.organizationId },
        before,
      );
      await harness.sql('update grants set credentials = $2 where id = $1', [grantId, again]);
    };
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'valid', refreshed: true });
    expect(await storedCredentials(grantId)).toMatchObject({ refreshToken: xGrant.refreshToken });
  });
});

describe('what is not ours to keep', () => {
  test('is revoked at the platform where the account was disconnected meanwhile', async () => {
    const { grantId, accountId, xGrant } = await addAccount();
    harness.x.beforeAnswer = () => disconnectAccount(harness.core, actor, { accountId });
    expect((await getValidToken(harness.core, grantId)).kind).not.toBe('valid');
    expect(harness.x.revoked).toEqual(expect.arrayContaining([xGrant.refreshToken, xGrant.accessToken]));
  });

  test('is revoked where the account was connected anew meanwhile, and the new connection is whole', async () => {
    const { grantId, accountId, username, xGrant } = await addAccount();
    let stale = '';
    harness.x.beforeAnswer = async () => {
      harness.x.beforeAnswer = () => Promise.resolve();
      stale = xGrant.refreshToken;
      await harness.addXAccount(actor, username, 3_600_000);
    };
    expect((await getValidToken(harness.core, grantId)).kind).not.toBe('valid');
    expect(harness.x.revoked).toContain(stale);
    expect(harness.x.revoked).not.toContain(xGrant.refreshToken);
    expect(await stateOf(accountId)).toEqual(alive);
  });
});

test('what could not be stored until the process ended is told as an error, without the token', async () => {
  const { grantId, xGrant } = await addAccount();
  const lines: string[] = [];
  const opening = new AsyncDisposableStack();
  const core = openTestCore(opening, harness.place, { write: (line) => void lines.push(line) });
  const away = Promise.withResolvers<AsyncDisposable>();
  harness.x.beforeAnswer = async () => away.resolve(await harness.databaseAway());
  const refreshing = getValidToken(core, grantId).catch((error: unknown) => error);
  await using _back = await away.promise;
  await expect.poll(() => lines.join('')).toContain('could not be stored yet');
  await opening.disposeAsync();
  expect(await refreshing).toBeInstanceOf(Error);
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told).toContainEqual(
    expect.objectContaining({ level: 'error', grantId, msg: expect.stringContaining('lost') }),
  );
  expect(lines.join('')).not.toContain(xGrant.refreshToken);
});
