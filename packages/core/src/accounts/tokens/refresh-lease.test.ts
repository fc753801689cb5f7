import { describe, expect, test } from 'vitest';
import { getValidToken } from './get-valid-token.ts';
import { sealCredentials } from '../grants/seal-credentials.ts';
import { refreshPolicy } from './request-refresh.ts';
import { fast, harness, actor, addAccount, stateOf } from './test-valid-token.ts';

describe('the lease', () => {
  const hold = (grantId: string, until: string) =>
    harness.sql(
      `update grants set refresh_fence = refresh_fence + 1, refresh_until = now() + $2::interval where id = $1`,
      [grantId, until],
    );

  test('of another process is waited for, not longer than the bound, and the token used where it still lasts', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    await hold(grantId, '1 hour');
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({ kind: 'busy' });
    const lasting = await addAccount(60_000);
    await hold(lasting.grantId, '1 hour');
    expect(await getValidToken(harness.core, lasting.grantId, { policy: fast })).toMatchObject({
      kind: 'valid',
      refreshed: false,
    });
    expect(xGrant.refreshes + lasting.xGrant.refreshes).toBe(0);
  });

  test('of a process that died is taken over when it ends', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    await hold(grantId, '50 ms');
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({
      kind: 'valid',
      refreshed: true,
    });
    expect(xGrant.refreshes).toBe(1);
  });

  test('that was lost during the call: what another one has stored meanwhile stands', async () => {
    const { grantId } = await addAccount(-1);
    const theirs = { accessToken: 'theirs', refreshToken: 'theirs', scopes: [] };
    const sealed = sealCredentials(harness.core.keyRing, { id: grantId, organizationId: actor.organizationId }, theirs);
    harness.x.beforeAnswer = async () => {
      await hold(grantId, '1 hour');
      await harness.sql('update grants set credentials = $2 where id = $1', [grantId, sealed]);
    };
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({ kind: 'busy' });
    expect(await harness.sql('select credentials from grants where id = $1', [grantId])).toEqual([
      { credentials: sealed },
    ]);
  });

  test('that was lost during the call: a dead answer ends nothing', async () => {
    const { grantId, xGrant } = await addAccount(-1);
    xGrant.isDead = true;
    harness.x.beforeAnswer = async () => void (await hold(grantId, '1 hour'));
    expect(await getValidToken(harness.core, grantId, { policy: fast })).toMatchObject({ kind: 'busy' });
    expect(await stateOf(grantId)).toMatchObject({ status: 'active', dead: false, notifications: 0 });
  });

  test('is longer than all tries with their waits', () => {
    const { triesMax, tryTimeoutMs, backoff, leaseMs } = refreshPolicy;
    expect(leaseMs * (5 / 6)).toBeGreaterThanOrEqual(tryTimeoutMs * (triesMax - 1) + backoff.capMs * (triesMax - 1));
  });
});
