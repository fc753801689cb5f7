import { describe, expect, test } from 'vitest';
import { getValidToken } from './get-valid-token.ts';
import { storeGrant } from '../grants/store-grant.ts';
import { fast, harness, actor, addAccount, stateOf } from './test-valid-token.ts';

const hourMs = 3_600_000;

const healthy = { status: 'active', dead: false, leased: false, notifications: 0 };

describe('a token that lasts', () => {
  test('is handed out without asking the platform', async () => {
    const { grantId, xGrant } = await addAccount(hourMs);
    const before = harness.x.tokenCalls();
    expect(await getValidToken(harness.core, grantId)).toMatchObject({
      kind: 'valid',
      refreshed: false,
      credentials: { accessToken: xGrant.accessToken },
    });
    expect(harness.x.tokenCalls()).toBe(before);
  });
});

describe('a token that has ended or is about to', () => {
  test.each([-1_000, 4 * 60_000])('is refreshed on use (%d ms left), stored sealed, and told of', async (leftMs) => {
    const { grantId, accountId, xGrant } = await addAccount(leftMs);
    const token = await getValidToken(harness.core, grantId);
    expect(token).toMatchObject({ kind: 'valid', refreshed: true, credentials: { accessToken: xGrant.accessToken } });
    const again = await getValidToken(harness.core, grantId);
    expect(again).toMatchObject({
      kind: 'valid',
      refreshed: false,
      credentials: { refreshToken: xGrant.refreshToken },
    });
    expect(xGrant.refreshes).toBe(1);
    const [grant] = await harness.sql<{ credentials: string }>('select credentials from grants where id = $1', [
      grantId,
    ]);
    expect(grant?.credentials).toMatch(/^enc:v1:k1:/);
    const events = await harness.sql(
      `select 1 from events where type = 'token.refreshed' and data ->> 'accountId' = $1`,
      [accountId],
    );
    expect(events).toHaveLength(1);
  });

  test('is refreshed once for all callers of this moment', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    const tokens = await Promise.all(Array.from({ length: 10 }, () => getValidToken(harness.core, grantId)));
    expect(tokens.map((token) => token.kind === 'valid' && token.credentials.accessToken)).toEqual(
      Array(10).fill(xGrant.accessToken),
    );
    expect(xGrant.refreshes).toBe(1);
  });

  test('is refreshed at the third try where two failed', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    const first = harness.x.tokenCalls();
    harness.x.fault = (call) => (call - first < 2 ? { status: 503 } : null);
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({
      kind: 'valid',
      refreshed: true,
    });
    expect(xGrant.refreshes).toBe(1);
  });

  test('that cannot be refreshed by any means is left to the platform to judge', async () => {
    const [accountId = ''] = await storeGrant(
      harness.core,
      actor.organizationId,
      'x',
      {
        credentials: { accessToken: 'at_manual', expiresAt: new Date(0).toISOString(), scopes: [] },
        service: null,
        accounts: [{ externalId: 'manual', handle: 'manual', displayName: 'Manual' }],
      },
      { source: 'manual' },
    );
    const [{ grant_id: grantId } = { grant_id: '' }] = await harness.sql<{ grant_id: string }>(
      'select grant_id from accounts where id = $1',
      [accountId],
    );
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'valid', refreshed: false });
    expect(await stateOf(grantId)).toMatchObject(healthy);
    expect(await getValidToken(harness.core, grantId, { refusedAccessToken: 'at_manual' })).toMatchObject({
      kind: 'dead',
    });
    expect(await stateOf(grantId)).toMatchObject({ status: 'needs_reauth', dead: true, notifications: 1 });
  });
});

describe('a platform that does not help', () => {
  test.each([
    ['a fault of its own', { status: 500 }, /fault of its own/],
    ['its limit', { status: 429 }, /limits how often/],
    ['a wrong client of ours', { status: 401, body: { error: 'invalid_client' } }, /application/],
  ])('(%s) deactivates nobody and says why', async (_what, fault, detail) => {
    const { grantId } = await addAccount(-1);
    harness.x.fault = () => fault;
    const token = await getValidToken(harness.core, grantId, { policy: fast });
    expect(token).toMatchObject({ kind: 'unavailable', detail: expect.stringMatching(detail) });
    expect(await stateOf(grantId)).toMatchObject({ ...healthy, refresh_failures: 1 });
  });

  test('is asked three times and no more', async () => {
    const { grantId } = await addAccount(-1);
    harness.x.fault = () => ({ status: 500 });
    const before = harness.x.tokenCalls();
    await getValidToken(harness.core, grantId, { policy: fast });
    expect(harness.x.tokenCalls() - before).toBe(3);
  });

  test('is asked three times for all who wait for the same answer, not by each of them anew', async () => {
    const { grantId } = await addAccount(-1);
    harness.x.fault = () => ({ status: 500 });
    const before = harness.x.tokenCalls();
    const policy = { ...fast, backoff: { baseMs: 200, capMs: 200 }, waitMs: 10_000 };
    const tokens = await Promise.all(Array.from({ length: 8 }, () => getValidToken(harness.core, grantId, { policy })));
    expect(new Set(tokens.map(({ kind }) => kind))).toEqual(new Set(['unavailable']));
    expect(harness.x.tokenCalls() - before).toBe(3);
  });

  test('(silence) deactivates nobody, and every try ends', async () => {
    const { grantId } = await addAccount(-1);
    harness.x.fault = () => 'hang';
    const token = await getValidToken(harness.core, grantId, { policy: { ...fast, tryTimeoutMs: 100 } });
    expect(token).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('could not be reached') });
    expect(await stateOf(grantId)).toMatchObject(healthy);
  });

  test('leaves a token that has not ended usable', async () => {
    const { grantId, xGrant } = await addAccount(2 * 60_000);
    harness.x.fault = () => ({ status: 500 });
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({
      kind: 'valid',
      credentials: { accessToken: xGrant.accessToken },
    });
  });

  test('that says the grant is dead ends it: once, and its people are told once', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    xGrant.isDead = true;
    const tokens = await Promise.all([1, 2, 3].map(() => getValidToken(harness.core, grantId, { policy: fast })));
    expect(new Set(tokens.map(({ kind }) => kind))).toEqual(new Set(['dead']));
    expect(await stateOf(grantId)).toEqual({
      status: 'needs_reauth',
      dead: true,
      leased: false,
      refresh_failures: 0,
      notifications: 1,
    });
    const before = harness.x.tokenCalls();
    expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'dead' });
    expect(harness.x.tokenCalls()).toBe(before);
  });
});

test('an answer that was lost and cost the grant is told as that', async () => {
  const { grantId, accountId, xGrant } = await addAccount(-1);
  const first = Promise.withResolvers<void>();
  harness.x.beforeAnswer = () => {
    harness.x.beforeAnswer = () => Promise.resolve();
    return first.promise;
  };
  const token = await getValidToken(harness.core, grantId, { policy: { ...fast, tryTimeoutMs: 1_000 } });
  first.resolve();
  expect(token).toMatchObject({ kind: 'dead' });
  expect(xGrant.refreshes).toBe(1);
  const told = await harness.sql<{ body: string }>(
    `select body from notifications where kind = 'account_needs_reauth' and data ->> 'accountId' = $1`,
    [accountId],
  );
  expect(told).toEqual([{ body: expect.stringContaining('the new one was lost on its way') }]);
});

describe('a token that the platform refused on use', () => {
  test('is refreshed although it should have lasted', async () => {
    const { grantId, xGrant } = await addAccount(hourMs);
    const refusedAccessToken = xGrant.accessToken;
    expect(await getValidToken(harness.core, grantId, { refusedAccessToken })).toMatchObject({
      kind: 'valid',
      refreshed: true,
    });
    expect(xGrant.refreshes).toBe(1);
  });

  test('is not refreshed again where a newer one is stored', async () => {
    const { grantId, xGrant } = await addAccount(hourMs);
    const refusedAccessToken = xGrant.accessToken;
    await Promise.all([1, 2, 3, 4].map(() => getValidToken(harness.core, grantId, { refusedAccessToken })));
    expect(xGrant.refreshes).toBe(1);
  });

  test('is not handed out again where the refresh fails', async () => {
    const { grantId, xGrant } = await addAccount(hourMs);
    harness.x.fault = () => ({ status: 500 });
    const token = await getValidToken(harness.core, grantId, { refusedAccessToken: xGrant.accessToken, policy: fast });
    expect(token.kind).toBe('unavailable');
  });
});

test('a grant that was replaced in this moment is no reason to give up', async () => {
  const { grantId, username } = await addAccount(-1);
  await harness.addXAccount(actor, username, hourMs);
  expect(await getValidToken(harness.core, grantId)).toMatchObject({ kind: 'unavailable', retryAfterMs: 1_000 });
});

test('no token is in the log', async () => {
  expect(harness.log()).toContain('could not be refreshed');
  expect(harness.log()).not.toMatch(/at_[0-9a-f]{8}|rt_\d+_|test-client-secret/);
});
