import type { Account } from '@vibetribe/contracts/account';
import { platformIds } from '@vibetribe/contracts/platform-id';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { api, call, accountOf, control, connectX, connectMastodon } from './test-connected.ts';

describe('a connected account', () => {
  test('is listed, counted, refreshed and disconnected', async () => {
    const { answer } = await connectX('finn');
    const { id, tokenExpiresAt } = accountOf(answer.json['account']);
    expect((await call('GET', '/accounts')).json).toMatchObject({ items: [{ id }], nextCursor: null });
    expect((await call('GET', '/accounts?expiringWithin=24h&status=active')).status).toBe(200);
    expect((await call('GET', '/accounts?expiringWithin=soon')).json).toMatchObject({
      status: 422,
      errors: [{ path: 'expiringWithin' }],
    });
    expect((await call('GET', '/accounts/token-stats')).json).toMatchObject({
      total: 1,
      byPlatform: { x: { total: 1 } },
    });
    const refreshed = await call('POST', `/accounts/${id}/refresh`);
    expect(refreshed.status, refreshed.text).toBe(200);
    expect(Date.parse(accountOf(refreshed.json).tokenExpiresAt ?? '')).toBeGreaterThan(
      Date.parse(tokenExpiresAt ?? ''),
    );
    expect((await call('DELETE', `/accounts/${id}`)).status).toBe(204);
    expect((await call('GET', `/accounts/${id}`)).json).toMatchObject({ status: 'disconnected' });
    expect((await call('POST', `/accounts/${id}/refresh`)).status).toBe(409);
  });

  test('whose grant was revoked on the platform needs to be connected again, and then has the same id', async () => {
    const { answer } = await connectX('gil');
    const { id, externalId } = accountOf(answer.json['account']);
    await control('/tokens/revoke', { platform: 'x', account: externalId });
    expect((await call('POST', `/accounts/${id}/refresh`)).json).toMatchObject({ code: 'platform_rejected' });
    expect((await call('GET', `/accounts/${id}`)).json).toMatchObject({ status: 'needs_reauth' });
    expect((await call('GET', '/notifications')).json).toMatchObject({ items: [{ kind: 'account_needs_reauth' }] });
    const again = await connectX('gil');
    expect(accountOf(again.answer.json['account'])).toMatchObject({ id, status: 'active' });
  });

  test('pages have a cursor, and a wrong one is 422', async () => {
    for (const handle of ['hal', 'ida', 'jon']) await connectMastodon(handle);
    const first = await call('GET', '/accounts?limit=2');
    const second = await call('GET', `/accounts?limit=2&cursor=${String(first.json['nextCursor'])}`);
    expect([first, second].map(({ json }) => (json['items'] as Account[]).length)).toEqual([2, 1]);
    expect(second.json['nextCursor']).toBeNull();
    expect((await call('GET', '/accounts?cursor=nonsense')).status).toBe(422);
  });
});

describe('other tenants and roles', () => {
  test("another organization's account is not found, on every route", async () => {
    const { answer } = await connectX('kim');
    const { id } = accountOf(answer.json['account']);
    const stranger = (await api.register()).accessToken;
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/refresh'],
    ] as const) {
      expect((await call(method, `/accounts/${id}${path}`, { token: stranger })).status).toBe(404);
    }
    expect((await call('GET', '/accounts', { token: stranger })).json).toEqual({ items: [], nextCursor: null });
  });

  test('reading needs a role or scope, connecting an admin', async () => {
    const made = await call('POST', '/api-keys', { body: { name: 'reader', scopes: ['read'] } });
    const reader = String(made.json['key']);
    expect((await call('GET', '/accounts', { token: reader })).status).toBe(200);
    expect((await call('POST', '/accounts/connect', { token: reader, body: { platform: 'x' } })).status).toBe(403);
    expect((await call('DELETE', '/accounts/acc_1', { token: reader })).status).toBe(403);
    expect((await api.call('GET', '/api/v1/accounts')).status).toBe(401);
  });

  test('bad input is never a fault of ours', async () => {
    const bodies = fc.oneof(
      fc.jsonValue(),
      fc.record({
        platform: fc.constantFrom('x', 'mastodon', 'bluesky', 'nowhere'),
        credentials: fc.dictionary(fc.string(), fc.string()),
      }),
      fc.record({ platform: fc.constantFrom('x', 'mastodon'), redirectTo: fc.webUrl() }),
    );
    const paths = fc.constantFrom(
      '/accounts/manual',
      '/accounts/connect',
      '/accounts/%00/refresh',
      '/accounts/nobody/refresh',
    );
    await fc.assert(
      fc.asyncProperty(paths, bodies, async (path, body) => {
        const { status } = await call('POST', path, { body });
        expect(status === 200 || (status >= 400 && status < 500)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test('GET /platforms tells every platform with its rules', async () => {
  const { json } = await call('GET', '/platforms');
  expect(json['nextCursor']).toBeNull();
  const items = json['items'] as { id: string; rules: { options: object }; breaker: string }[];
  expect(items.map(({ id }) => id)).toEqual(platformIds);
  expect(items.every(({ rules, breaker }) => 'type' in rules.options && breaker === 'closed')).toBe(true);
});
