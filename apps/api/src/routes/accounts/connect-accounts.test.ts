import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { CallOptions } from '../../test-api.ts';
import {
  redirectTo,
  api,
  sandboxUrl,
  planted,
  call,
  accountOf,
  control,
  sandboxAccount,
  hosts,
  connectX,
  connectMastodon,
} from './test-connected.ts';

describe('connecting', () => {
  test('X by its consent page: the browser ends where the user wanted, with a code that only they can hand in', async () => {
    const { answer, callback } = await connectX('ann', redirectTo);
    expect(answer.status, answer.text).toBe(302);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(redirectTo);
    const connectCode = location.searchParams.get('connectCode');
    planted.push(String(connectCode));
    expect((await call('GET', '/accounts')).json).toEqual({ items: [], nextCursor: null });
    const complete = (options: CallOptions = {}) =>
      call('POST', '/accounts/connect/complete', { body: { connectCode }, ...options });
    const stranger = (await api.register()).accessToken;
    const refused = await complete({ token: stranger });
    expect([refused.status, refused.json['code']]).toEqual([400, 'oauth_state_invalid']);
    expect((await api.call('POST', '/api/v1/accounts/connect/complete', { body: { connectCode } })).status).toBe(401);
    const completed = await complete({ headers: { 'idempotency-key': 'complete-ann' } });
    expect(completed.status, completed.text).toBe(200);
    const { id } = accountOf(completed.json['account']);
    expect((await call('GET', `/accounts/${id}`)).json).toMatchObject({
      platform: 'x',
      handle: 'ann',
      status: 'active',
      tokenExpiresIn: expect.stringMatching(/^(1 h 59 min|2 h)$/),
    });
    expect((await complete()).json['code']).toBe('oauth_state_invalid');
    expect((await complete({ headers: { 'idempotency-key': 'complete-ann' } })).json).toEqual(completed.json);
    const replayed = await api.call('GET', callback);
    expect([replayed.status, replayed.json['code']]).toEqual([400, 'oauth_state_invalid']);
  });

  test('without a place to end, the callback answers a program with the account, and whose it is now', async () => {
    const { answer } = await connectX('ben');
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      account: { handle: 'ben', status: 'active' },
      organization: { name: 'Engines' },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test.each([{ accept: 'text/html,*/*;q=0.8' }, { 'sec-fetch-dest': 'image' }, { 'sec-fetch-site': 'cross-site' }])(
    'without one a browser (%o) gets a page that says which organization asks, and connects only by its button',
    async (headers) => {
      await api.sql(`update organizations set name = '<b>Evil & Sons</b>' where name = 'Engines'`);
      const { answer } = await connectX('bea', undefined, headers);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(answer.text).toContain('&lt;b&gt;Evil &amp; Sons&lt;/b&gt; asks');
      expect(answer.text).not.toContain('<b>');
      expect(answer.headers.get('content-security-policy')).toContain("form-action 'self'; frame-ancestors 'none'");
      expect((await call('GET', '/accounts')).json).toEqual({ items: [], nextCursor: null });
      const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(answer.text)?.[1] ?? '';
      const press = (fields: Record<string, string>) =>
        api.call('POST', '/api/v1/accounts/connect/confirm', {
          body: String(new URLSearchParams({ code: field('code'), account: field('account'), ...fields })),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
      planted.push(field('code'));
      expect((await press({ answer: 'perhaps' })).status).toBe(422);
      const pressed = await press({ answer: 'connect' });
      expect([pressed.status, pressed.text]).toEqual([200, expect.stringContaining('Connected: 1.')]);
      expect((await call('GET', '/accounts')).json).toMatchObject({ items: [{ handle: 'bea' }] });
      expect((await press({ answer: 'connect' })).status).toBe(400);
    },
  );

  test('Bluesky by an app password, which the sandbox has given out', async () => {
    const { appPassword, account } = await sandboxAccount('bluesky', 'cleo');
    const credentials = { service: (await hosts()).bluesky, handle: account.handle, appPassword };
    const answer = await call('POST', '/accounts/manual', { body: { platform: 'bluesky', credentials } });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json).toMatchObject({ platform: 'bluesky', externalId: account.id, status: 'active' });
    expect(answer.text).not.toContain(appPassword);
    await control('/tokens/expire', { platform: 'bluesky', account: account.id });
    const refreshed = await call('POST', `/accounts/${accountOf(answer.json).id}/refresh`);
    expect(refreshed.json, refreshed.text).toMatchObject({
      status: 'active',
      tokenExpiresIn: expect.stringMatching(/ h|min/),
    });
  });

  test('Bluesky by the consent page of whoever gives tokens for the account’s server, found by the handle', async () => {
    const { account } = await sandboxAccount('bluesky', 'iris');
    const begin = (handle: string) => call('POST', '/accounts/connect', { body: { platform: 'bluesky', handle } });
    const begun = await begin(account.handle);
    const consent = await fetch(`${String(begun.json['authorizationUrl'])}&sandbox_approve=iris`, {
      redirect: 'manual',
    });
    const back = new URL(consent.headers.get('location') ?? '');
    const answer = await api.call('GET', back.pathname + back.search);
    expect(answer.json['account'], answer.text).toMatchObject({ externalId: account.id, handle: account.handle });
    const refused = { code: 'platform_rejected', errors: [{ path: 'handle' }] };
    expect((await begin('nobody.invalid')).json).toMatchObject(refused);
    const described = await api.call('GET', '/api/v1/accounts/clients/bluesky');
    expect(described.json).toMatchObject({ client_id: expect.stringContaining('http://localhost?') });
    expect((await api.call('GET', '/api/v1/accounts/clients/x')).status).toBe(404);
  });

  test('Mastodon by the consent page of an instance, where we are made known once, and end what we were granted', async () => {
    const instance = (await hosts()).mastodon2;
    const requests = async (path: string) => {
      const answer = await fetch(`${sandboxUrl}/_sandbox/requests?platform=mastodon2&limit=1000`);
      const { items } = (await answer.json()) as { items: { method: string; path: string; status: number }[] };
      return items.filter((item) => item.method === 'POST' && item.path === path);
    };
    const begin = (named: string | undefined, options: CallOptions = {}) =>
      call('POST', '/accounts/connect', { body: { platform: 'mastodon', instance: named }, ...options });
    const begun = await Promise.all([begin(instance), begin(`${instance}/@someone`), begin(instance)]);
    expect(begun.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await requests('/api/v1/apps')).toHaveLength(1);
    expect(begun.map(({ text }) => text).join('')).not.toMatch(/client_secret|clientSecret/u);

    const consent = await fetch(`${String(begun[1]?.json['authorizationUrl'])}&sandbox_approve=greta`, {
      redirect: 'manual',
    });
    const back = new URL(consent.headers.get('location') ?? '');
    const answer = await api.call('GET', back.pathname + back.search);
    expect(answer.status, answer.text).toBe(200);
    const { id, ...account } = accountOf(answer.json['account']);
    expect(account).toMatchObject({
      platform: 'mastodon',
      status: 'active',
      scopes: expect.arrayContaining(['write:statuses']),
    });
    expect((await api.sql('select client_sealed from server_clients'))[0]).toMatchObject({
      client_sealed: expect.stringMatching(/^enc:v1:/u),
    });

    const another = { token: (await api.register()).accessToken };
    expect((await begin(instance, another)).status).toBe(200);
    expect(await requests('/api/v1/apps')).toHaveLength(1);
    expect((await begin('no server at all', another)).json).toMatchObject({ errors: [{ path: 'instance' }] });
    expect((await begin(undefined, another)).json).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'instance' }],
    });
    expect((await call('DELETE', `/accounts/${id}`)).status).toBe(204);
    await expect.poll(async () => (await requests('/oauth/revoke')).map(({ status }) => status)).toEqual([200]);
  });

  test('Mastodon by an access token, and the same handle on two servers is two accounts', async () => {
    const [one, two] = [await connectMastodon('dora'), await connectMastodon('dora', 'mastodon2')];
    expect([one.status, two.status], one.text + two.text).toEqual([201, 201]);
    expect(one.json['id']).not.toBe(two.json['id']);
    expect(one.json).toMatchObject({ platform: 'mastodon', tokenExpiresAt: null, tokenExpiresIn: null });
  });

  test('a key makes the request once', async () => {
    const { accessToken } = await sandboxAccount('mastodon', 'eve');
    const body = { platform: 'mastodon', credentials: { instance: (await hosts()).mastodon, accessToken } };
    const options = { body, headers: { 'idempotency-key': 'connect-eve' } };
    const [first, again] = [
      await call('POST', '/accounts/manual', options),
      await call('POST', '/accounts/manual', options),
    ];
    expect([first.status, again.status, again.headers.get('idempotent-replayed'), again.json]).toEqual([
      201,
      201,
      'true',
      first.json,
    ]);
  });

  test('wrong credentials are 422 with their path, a platform that is away 502', async () => {
    const instance = (await hosts()).mastodon;
    const body = { platform: 'mastodon', credentials: { instance, accessToken: 'planted-wrong-token' } };
    planted.push('planted-wrong-token');
    const wrong = await call('POST', '/accounts/manual', { body });
    expect([wrong.status, wrong.json['code']]).toEqual([422, 'platform_rejected']);
    expect(wrong.json['errors']).toMatchObject([{ path: 'credentials' }]);
    const missing = await call('POST', '/accounts/manual', {
      body: { platform: 'mastodon', credentials: { instance } },
    });
    expect(missing.json['errors']).toMatchObject([{ path: 'credentials.accessToken' }]);
    await control('/faults', { platform: 'mastodon', kind: 'http-503' });
    const away = await call('POST', '/accounts/manual', { body });
    expect([away.status, away.json['code']]).toEqual([502, 'platform_unavailable']);
  });

  test('nobody is sent to a foreign origin, and a platform that does not exist is not found', async () => {
    const answer = await call('POST', '/accounts/connect', {
      body: { platform: 'x', redirectTo: 'https://evil.example/' },
    });
    expect([answer.status, answer.json['errors']]).toMatchObject([422, [{ path: 'redirectTo' }]]);
    for (const field of ['redirectTo', 'instance', 'service']) {
      const body = { platform: 'x', [field]: `${redirectTo}?${'x'.repeat(2_000)}` };
      const long = await call('POST', '/accounts/connect', { body });
      expect([long.status, long.json['errors']]).toMatchObject([422, [{ path: field }]]);
    }
    expect((await api.call('GET', '/api/v1/accounts/callback/nowhere?state=s&code=c')).status).toBe(404);
  });
});

test('no secret that passed through is in the log or in any table', async () => {
  const { answer } = await connectX('leo');
  expect(answer.status).toBe(200);
  const tables = await api.sql<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`);
  const rows = await Promise.all(
    tables.map(({ name }) => api.sql<{ row: string }>(`select t::text as row from ${pg.escapeIdentifier(name)} t`)),
  );
  const stored = rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
  expect(stored).toContain('enc:v1:');
  expect(planted.length).toBeGreaterThan(5);
  for (const secret of [...planted, 'vibetribe-sandbox-secret', 'sandbox_approve']) {
    expect(stored.includes(secret), 'a secret is stored').toBe(false);
    expect(api.logged().includes(secret), 'a secret is logged').toBe(false);
  }
  expect(api.logged()).not.toMatch(/[?&](code|state)=/);
});
