import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionLostError } from '@vibetribe/db/product-pool';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { completeConnect } from './complete-connect.ts';
import { connectManually } from './connect-manually.ts';
import { finishConnect } from './finish-connect.ts';
import { getAccount } from '../read/get-account.ts';
import { startConnect } from './start-connect.ts';
import { type AccountsHarness, createAccountsHarness, refusal } from '../test-accounts.ts';

let harness: AccountsHarness;
let actor: Actor & { userId: string };

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
  actor = await harness.addOrganization();
});
afterAll(() => harness[Symbol.asyncDispose]());

const redirectTo = 'https://app.example.org/accounts?tab=all';
const deps = () => ({
  ...harness.core,
  publicUrl: () => 'https://api.example.org',
  redirectOrigins: ['https://app.example.org'],
});
const start = (input: { redirectTo?: string } = {}) => startConnect(deps(), actor, { platform: 'x', ...input });
const finish = (input: Omit<Parameters<typeof finishConnect>[1], 'platform'>) =>
  finishConnect(deps(), { platform: 'x', ...input });

describe('beginning at the consent page', () => {
  test('gives the address of the consent page with a state of its own and a challenge; the state is stored hashed, the verifier sealed', async () => {
    const one = await start();
    const other = await start();
    expect(one.state).not.toBe(other.state);
    const asked = new URL(one.authorizationUrl).searchParams;
    expect(asked.get('state')).toBe(one.state);
    expect(asked.get('redirect_uri')).toBe('https://api.example.org/api/v1/accounts/callback/x');
    expect(asked.get('code_challenge_method')).toBe('S256');
    const rows = await harness.sql<{ row: string; code_verifier: string }>(
      'select s::text as row, code_verifier from oauth_states s',
    );
    expect(rows.every(({ row }) => !row.includes(one.state))).toBe(true);
    expect(rows.every(({ code_verifier: verifier }) => verifier.startsWith('enc:v1:'))).toBe(true);
  });

  test.each([
    'https://evil.example',
    'https://app.example.org.evil.example/',
    'http://app.example.org/',
    'javascript:alert(1)',
  ])('refuses to send people on to %s', async (elsewhere) => {
    expect(await refusal(start({ redirectTo: elsewhere }))).toMatchObject({
      code: 'validation_failed',
      paths: ['redirectTo'],
    });
  });

  test('refuses a platform that has no consent page', async () => {
    const { oauth: _consent, ...byHand } = harness.core.adapters.bluesky;
    const core = { ...deps(), adapters: { ...harness.core.adapters, bluesky: byHand } };
    expect(await refusal(startConnect(core, actor, { platform: 'bluesky' }))).toMatchObject({
      code: 'validation_failed',
      paths: ['platform'],
    });
  });
});

describe('coming back from the consent page', () => {
  test('sends people on with a code, and connects nothing before whoever began hands it in', async () => {
    const { authorizationUrl } = await start({ redirectTo });
    const answer = await finish(harness.x.approve(authorizationUrl, 'ann'));
    if (answer.kind !== 'redirect') throw new Error('no redirect');
    const url = new URL(answer.url);
    expect(url.origin + url.pathname).toBe('https://app.example.org/accounts');
    expect(url.searchParams.get('tab')).toBe('all');
    expect([...url.searchParams.keys()].toSorted()).toEqual(['connectCode', 'tab']);
    expect(await harness.sql(`select 1 from accounts where handle = 'ann'`)).toEqual([]);
    const connectCode = url.searchParams.get('connectCode') ?? '';
    const completed = await completeConnect(deps(), actor, { connectCode });
    if (!('account' in completed)) throw new Error('no account');
    const account = await getAccount(harness.core, actor, { accountId: completed.account.id });
    expect(account).toMatchObject({
      platform: 'x',
      handle: 'ann',
      status: 'active',
      scopes: ['tweet.read', 'tweet.write'],
      tokenExpiresIn: expect.stringMatching(/^1 h 59 min$|^2 h$/),
    });
    expect(account.limits).toMatchObject([
      { name: 'posts_per_hour', limit: 10, remaining: 10, resetAt: null },
      { name: 'app_posts_per_day', limit: 20 },
    ]);
  });

  test('without a page to end on it answers with the account', async () => {
    const { authorizationUrl } = await start();
    expect(await finish(harness.x.approve(authorizationUrl, 'ben'))).toMatchObject({
      kind: 'account',
      account: { handle: 'ben' },
      organization: { id: actor.organizationId },
    });
  });

  test('a state works once, also where two come at the same time', async () => {
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'cleo');
    const outcomes = await Promise.allSettled([finish(consent), finish(consent), finish(consent)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refusal(finish(consent))).toMatchObject({ code: 'oauth_state_invalid' });
  });

  test('a state of another platform is refused, and spent', async () => {
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'dora');
    expect(await refusal(finishConnect(deps(), { platform: 'mastodon', ...consent }))).toMatchObject({
      code: 'oauth_state_invalid',
    });
    expect(await refusal(finish(consent))).toMatchObject({ code: 'oauth_state_invalid' });
  });

  test('a state older than 10 minutes, an unknown one and none at all are refused', async () => {
    const { authorizationUrl } = await start();
    await harness.sql(`update oauth_states set expires_at = now() - interval '1 ms'`);
    expect(await refusal(finish(harness.x.approve(authorizationUrl, 'eve')))).toMatchObject({
      code: 'oauth_state_invalid',
    });
    expect(await refusal(finish({ state: 'vts_unknown', code: 'c' }))).toMatchObject({ code: 'oauth_state_invalid' });
    expect(await refusal(finish({ code: 'c' }))).toMatchObject({ code: 'oauth_state_invalid' });
  });

  test('a state of someone who is no longer an admin is refused', async () => {
    const { authorizationUrl } = await start();
    await harness.sql(`update memberships set role = 'editor' where user_id = $1`, [actor.userId]);
    const refused = await refusal(finish(harness.x.approve(authorizationUrl, 'finn')));
    await harness.sql(`update memberships set role = 'admin' where user_id = $1`, [actor.userId]);
    expect(refused).toMatchObject({ code: 'oauth_state_invalid' });
  });

  test.each([
    ['access_denied', 'access_denied'],
    ['<script>alert(1)</script>', 'platform_rejected'],
  ])('the error %s is passed on as a code of ours', async (error, code) => {
    const { state } = await start({ redirectTo });
    const answer = await finish({ state, error });
    expect(answer).toEqual({ kind: 'redirect', url: `${redirectTo}&error=${code}` });
    const direct = await refusal(finish({ state: (await start()).state, error }));
    expect(direct.code).toBe('platform_rejected');
    expect(direct.message).not.toContain('script');
  });

  test('a code that the platform refuses, and a platform that does not answer, are told apart', async () => {
    const { state } = await start({ redirectTo });
    expect(await finish({ state, code: 'wrong' })).toEqual({
      kind: 'redirect',
      url: `${redirectTo}&error=platform_rejected`,
    });
    const { authorizationUrl } = await start({ redirectTo });
    const consent = harness.x.approve(authorizationUrl, 'gil');
    harness.x.fault = () => ({ status: 503 });
    const answer = await finish(consent);
    harness.x.fault = () => null;
    expect(answer).toEqual({ kind: 'redirect', url: `${redirectTo}&error=platform_unavailable` });
  });

  test('a code that was asked for with another challenge is refused: what PKCE is for', async () => {
    const theirs = await start({ redirectTo });
    const ours = await start({ redirectTo });
    const { code } = harness.x.approve(theirs.authorizationUrl, 'hal');
    expect(await finish({ state: ours.state, code })).toEqual({
      kind: 'redirect',
      url: `${redirectTo}&error=platform_rejected`,
    });
  });
});

describe('connecting with credentials of one’s own', () => {
  test('asks the platform who it is, and connects', async () => {
    const { accessToken, refreshToken } = harness.x.addGrant('ida');
    const account = await connectManually(harness.core, actor, {
      platform: 'x',
      credentials: { accessToken, refreshToken },
    });
    expect(account).toMatchObject({ handle: 'ida', status: 'active', tokenExpiresAt: null, tokenExpiresIn: null });
    expect(JSON.stringify(account)).not.toContain(accessToken);
  });

  test('names each faulty field', async () => {
    const refused = await refusal(
      connectManually(harness.core, actor, { platform: 'x', credentials: { expiresAt: 'soon', colour: 'red' } }),
    );
    expect(refused.code).toBe('validation_failed');
    expect(refused.paths).toEqual(expect.arrayContaining(['credentials.accessToken', 'credentials.expiresAt']));
  });

  test('credentials that the platform refuses are the fault of the credentials, without repeating them', async () => {
    const refused = await refusal(
      connectManually(harness.core, actor, { platform: 'x', credentials: { accessToken: 'planted-wrong-token' } }),
    );
    expect(refused).toMatchObject({ code: 'platform_rejected', paths: ['credentials'] });
    expect(JSON.stringify(refused)).not.toContain('planted-wrong-token');
  });

  test('a server that does not answer is unavailable, and one inside our network is refused', async () => {
    const credentials = (instance: string) => ({ instance, accessToken: 'token' });
    expect(
      await refusal(
        connectManually(harness.core, actor, { platform: 'mastodon', credentials: credentials('https://127.0.0.1') }),
      ),
    ).toMatchObject({
      code: 'platform_rejected',
      paths: ['credentials'],
    });
    const silent = await refusal(
      connectManually(harness.core, actor, {
        platform: 'mastodon',
        credentials: credentials('https://nobody.invalid'),
      }),
    );
    expect(silent.code).toBe('platform_unavailable');
  });
});

describe('a consent whose grant cannot be stored', () => {
  const revokedNow = () => harness.x.revoked.length;

  test('is revoked at the platform: nobody could use it, and it would stand there for ever', async () => {
    await harness.sql(`alter table accounts add constraint refused check (handle <> 'nora')`);
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'nora');
    const before = revokedNow();
    await expect(finish(consent)).rejects.toMatchObject({ cause: { code: '23514' } });
    await harness.sql('alter table accounts drop constraint refused');
    const { accessToken, refreshToken } = harness.x.grants.get('nora') ?? {};
    expect(harness.x.revoked.slice(before)).toEqual(expect.arrayContaining([accessToken, refreshToken]));
  });

  test('because the database was away for a moment, is stored after it', async () => {
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'otto');
    const away = Promise.withResolvers<AsyncDisposable>();
    harness.x.beforeAnswer = async () => {
      harness.x.beforeAnswer = () => Promise.resolve();
      away.resolve(await harness.databaseAway());
    };
    const finishing = finish(consent);
    const back = await away.promise;
    await pause(1_000);
    await back[Symbol.asyncDispose]();
    expect(await finishing).toMatchObject({ kind: 'account', account: { handle: 'otto', status: 'active' } });
  });

  test('where the answer to its commit was lost: it stands, and is not revoked', async () => {
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'pia');
    const before = revokedNow();
    const { db } = harness.core;
    let losses = 0;
    const asTenant: typeof db.asTenant = async (organizationId, work) => {
      const result = await db.asTenant(organizationId, work);
      losses += 1;
      if (losses > 1) return result;
      throw new ConnectionLostError('the answer to a commit was lost');
    };
    const answer = await finishConnect({ ...deps(), db: { ...db, asTenant } }, { platform: 'x', ...consent });
    expect(answer).toMatchObject({ kind: 'account', account: { handle: 'pia' } });
    expect(revokedNow()).toBe(before);
    expect(await harness.sql(`select 1 from accounts where handle = 'pia'`)).toHaveLength(1);
  });

  test('that opens no account is refused, revoked and not kept', async () => {
    const { authorizationUrl } = await start();
    const consent = harness.x.approve(authorizationUrl, 'quin');
    const before = revokedNow();
    const { x } = harness.core.adapters;
    const { oauth } = x;
    if (oauth === undefined) throw new Error('X has no consent page');
    const empty = {
      ...x,
      oauth: {
        ...oauth,
        exchange: async (...asked: Parameters<typeof oauth.exchange>) => ({
          ...(await oauth.exchange(...asked)),
          accounts: [],
        }),
      },
    };
    const grants = await harness.sql('select id from grants order by id');
    const refused = await refusal(
      finishConnect({ ...deps(), adapters: { ...harness.core.adapters, x: empty } }, { platform: 'x', ...consent }),
    );
    expect(refused.code).toBe('platform_rejected');
    expect(revokedNow()).toBe(before + 2);
    expect(await harness.sql('select id from grants order by id')).toEqual(grants);
  });
});
