import { addApiKey } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { completeConnect } from '../connect/complete-connect.ts';
import { confirmConsent } from './confirm-consent.ts';
import { connectManually } from '../connect/connect-manually.ts';
import { finishConnect } from '../connect/finish-connect.ts';
import { prepareConsent } from './prepare-consent.ts';
import { revokeUnusedConsents } from './revoke-unused-consents.ts';
import { openCredentials } from '../grants/seal-credentials.ts';
import { getSelection, selectAccounts } from '../connect/select-accounts.ts';
import { startConnect } from '../connect/start-connect.ts';
import { type AccountsHarness, createAccountsHarness, refusal } from '../test-accounts.ts';

let harness: AccountsHarness;
let actor: Actor & { userId: string };

beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
  actor = await harness.addOrganization();
});
afterAll(() => harness[Symbol.asyncDispose]());

const redirectTo = 'https://app.example.org/accounts';
const deps = () => ({
  ...harness.core,
  publicUrl: () => 'https://api.example.org',
  redirectOrigins: ['https://app.example.org'],
});
const start = () => startConnect(deps(), actor, { platform: 'x' });
const finish = (input: Omit<Parameters<typeof finishConnect>[1], 'platform'>) =>
  finishConnect(deps(), { platform: 'x', ...input });

/** A consent given on the platform, up to where the browser comes back with it. */
async function codeFor(username: string, by: Actor & { userId: string } = actor) {
  const { authorizationUrl } = await startConnect(deps(), by, { platform: 'x', redirectTo });
  const answer = await finish(harness.x.approve(authorizationUrl, username));
  if (answer.kind !== 'redirect') throw new Error('no redirect');
  const url = new URL(answer.url);
  return { url, connectCode: url.searchParams.get('connectCode') ?? '' };
}

/** X as it would be, were one grant to open several accounts, each with a token of its own. */
function manyPages(names: readonly string[]) {
  const { x } = harness.core.adapters;
  const { oauth } = x;
  if (oauth === undefined) throw new Error('X has no consent page');
  const exchange: typeof oauth.exchange = async (asked) => {
    const { credentials, ...grant } = await oauth.exchange(asked);
    const accounts = names.map((name) => ({ externalId: `${name}-id`, handle: name, displayName: name }));
    const accountTokens = Object.fromEntries(names.map((name) => [`${name}-id`, `${name}-token`]));
    return { ...grant, credentials: { ...credentials, accountTokens }, accounts };
  };
  return { ...deps(), adapters: { ...harness.core.adapters, x: { ...x, oauth: { ...oauth, exchange } } } };
}

const limitedTo = (accountIds: readonly string[], keyId = 'key_test'): Actor => ({
  ...actor,
  scopes: ['admin'],
  accountIds,
  principal: `key:${keyId}`,
});

const addKey = (id: string, accountIds: string[] | null) =>
  addApiKey(harness.sql, { id, organizationId: actor.organizationId, userId: actor.userId, accountIds });

describe('a code that the browser brought back', () => {
  test('works once, also where two hand it in at the same time, and is stored hashed beside a sealed grant', async () => {
    const { connectCode } = await codeFor('rosa');
    const [row] = await harness.sql<{ row: string }>('select c::text as row from consents c');
    expect(row?.row).toContain('enc:v1:');
    for (const secret of [connectCode, harness.x.grants.get('rosa')?.accessToken ?? ''])
      expect(row?.row).not.toContain(secret);
    const tries = await Promise.allSettled([1, 2, 3].map(() => completeConnect(deps(), actor, { connectCode })));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refusal(completeConnect(deps(), actor, { connectCode }))).toMatchObject({
      code: 'oauth_state_invalid',
    });
    expect(await harness.sql('select 1 from consents')).toEqual([]);
  });

  test('is of no use to anybody else: another user, a key, another organization, or the same user in another one', async () => {
    const { connectCode } = await codeFor('sue');
    const stranger = await harness.addOrganization();
    const colleague = { ...actor, userId: stranger.userId, principal: `user:${stranger.userId}` };
    const elsewhere = { ...actor, organizationId: stranger.organizationId };
    for (const other of [stranger, colleague, elsewhere, limitedTo([])])
      expect((await refusal(completeConnect(deps(), other, { connectCode }))).code).toBe('oauth_state_invalid');
    expect(await harness.sql(`select 1 from accounts where handle = 'sue'`)).toEqual([]);
    expect(await completeConnect(deps(), actor, { connectCode })).toMatchObject({ account: { handle: 'sue' } });
  });

  test('that nobody hands in for 10 minutes is refused, and the grant revoked at the platform', async () => {
    const { connectCode } = await codeFor('tom');
    const [left] = await harness.sql<{ minutes: number }>(
      'select extract(epoch from expires_at - now())::float8 / 60 as minutes from consents',
    );
    expect(left?.minutes).toBeGreaterThan(8);
    expect(left?.minutes).toBeLessThanOrEqual(10);
    expect(await revokeUnusedConsents(harness.core)).toEqual({ revoked: 0 });
    await harness.sql(`update consents set expires_at = now() - interval '1 ms'`);
    expect((await refusal(completeConnect(deps(), actor, { connectCode }))).code).toBe('oauth_state_invalid');
    const before = harness.x.revoked.length;
    expect(await revokeUnusedConsents(harness.core)).toEqual({ revoked: 1 });
    const { accessToken, refreshToken } = harness.x.grants.get('tom') ?? {};
    expect(harness.x.revoked.slice(before)).toEqual(expect.arrayContaining([accessToken, refreshToken]));
    expect(await revokeUnusedConsents(harness.core)).toEqual({ revoked: 0 });
  });

  test("is revoked although another organization's server answers none of its own revocations", async () => {
    const opened = Promise.withResolvers<void>();
    const { mastodon } = harness.core.adapters;
    const silent = { ...mastodon, oauth: { ...mastodon.oauth, revoke: () => opened.promise } } as typeof mastodon;
    const core = { ...harness.core, adapters: { ...harness.core.adapters, mastodon: silent } };
    const stranger = { ...(await harness.addOrganization()), role: 'admin' } as const;
    const connected = {
      credentials: { accessToken: 'token', scopes: [] },
      service: 'https://silent.example',
      accounts: [],
    };
    for (let count = 0; count < 20; count += 1)
      await prepareConsent(core, stranger, { platform: 'mastodon', connected, stage: 'code' }).store();
    await harness.sql(`update consents set expires_at = now() - interval '1 minute'`);
    await codeFor('uma');
    await harness.sql(`update consents set expires_at = least(expires_at, now() - interval '1 ms')`);
    const revoking = revokeUnusedConsents(core);
    await expect.poll(() => harness.x.revoked, { timeout: 20_000 }).toContain(harness.x.grants.get('uma')?.accessToken);
    opened.resolve();
    expect(await revoking).toEqual({ revoked: 21 });
  });
});

describe('a grant that opens several accounts', () => {
  test('connects those that whoever began chooses, once, and keeps no token of the others', async () => {
    const core = manyPages(['una', 'vic', 'wes']);
    const { authorizationUrl } = await startConnect(core, actor, { platform: 'x', redirectTo });
    const answer = await finishConnect(core, { platform: 'x', ...harness.x.approve(authorizationUrl, 'pages') });
    if (answer.kind !== 'redirect') throw new Error('no redirect');
    const connectCode = new URL(answer.url).searchParams.get('connectCode') ?? '';
    const completed = await completeConnect(core, actor, { connectCode });
    if (!('selectionId' in completed)) throw new Error('no selection');
    const { selectionId } = completed;
    expect((await refusal(completeConnect(core, actor, { connectCode }))).code).toBe('oauth_state_invalid');
    const stranger = await harness.addOrganization();
    expect((await refusal(getSelection(core, stranger, { selectionId }))).code).toBe('not_found');
    expect(await getSelection(core, actor, { selectionId })).toMatchObject({
      id: selectionId,
      platform: 'x',
      items: ['una', 'vic', 'wes'].map((handle) => ({ externalId: `${handle}-id`, handle, accountId: null })),
    });
    expect(
      await refusal(selectAccounts(core, actor, { selectionId, externalIds: ['una-id', 'zed-id'] })),
    ).toMatchObject({
      code: 'validation_failed',
      paths: ['externalIds.1'],
    });
    const choose = () => selectAccounts(core, actor, { selectionId, externalIds: ['una-id', 'wes-id'] });
    expect((await choose()).items.map(({ handle }) => handle)).toEqual(['una', 'wes']);
    expect((await refusal(choose())).code).toBe('not_found');
    const [grant] = await harness.sql<{ id: string; credentials: string }>(
      `select g.id, g.credentials from grants g join accounts a on a.grant_id = g.id where a.handle = 'una'`,
    );
    if (grant === undefined) throw new Error('no grant');
    const kept = openCredentials(core.keyRing, { ...grant, organizationId: actor.organizationId }, grant.credentials);
    expect(Object.keys(kept.accountTokens ?? {})).toEqual(['una-id', 'wes-id']);
  });

  test('gives a program that has no page to end on a selection too', async () => {
    const core = manyPages(['yan', 'zoe']);
    const { authorizationUrl } = await startConnect(core, actor, { platform: 'x' });
    const answer = await finishConnect(core, { platform: 'x', ...harness.x.approve(authorizationUrl, 'pages') });
    if (answer.kind !== 'selection') throw new Error('no selection');
    expect((await getSelection(core, actor, answer)).items.map(({ handle }) => handle)).toEqual(['yan', 'zoe']);
    expect(await harness.sql(`select 1 from accounts where handle = 'yan'`)).toEqual([]);
  });
});

describe('a person in a browser without a page to end on', () => {
  const ask = async (username: string) => {
    const { authorizationUrl } = await start();
    const answer = await finish({ ...harness.x.approve(authorizationUrl, username), isBrowser: true });
    if (answer.kind !== 'question') throw new Error('nobody was asked');
    return answer.question;
  };

  test('is told which organization asks and who began, and connects by saying yes, once', async () => {
    const { code, organization, askedBy, accounts } = await ask('amy');
    const [asker] = await harness.sql('select name, email from users where id = $1', [actor.userId]);
    expect([organization.id, askedBy]).toEqual([actor.organizationId, asker]);
    expect(accounts.map(({ handle }) => handle)).toEqual(['amy']);
    expect(await harness.sql(`select 1 from accounts where handle = 'amy'`)).toEqual([]);
    expect((await refusal(completeConnect(deps(), actor, { connectCode: code }))).code).toBe('oauth_state_invalid');
    const externalIds = accounts.map(({ externalId }) => externalId);
    expect(await confirmConsent(deps(), { code, externalIds })).toEqual({ connected: 1 });
    expect((await refusal(confirmConsent(deps(), { code, externalIds }))).code).toBe('oauth_state_invalid');
  });

  test('who says no connects nothing, and the platform forgets the grant', async () => {
    const { code } = await ask('bob');
    const before = harness.x.revoked.length;
    expect(await confirmConsent(deps(), { code, externalIds: [] })).toEqual({ connected: 0 });
    expect(harness.x.revoked.length).toBe(before + 2);
    expect(await harness.sql(`select 1 from accounts where handle = 'bob'`)).toEqual([]);
  });

  test('cannot say yes to somebody who is no longer an admin', async () => {
    const { code, accounts } = await ask('cat');
    await harness.sql(`update memberships set role = 'editor' where user_id = $1`, [actor.userId]);
    const refused = await refusal(confirmConsent(deps(), { code, externalIds: accounts.map((one) => one.externalId) }));
    await harness.sql(`update memberships set role = 'admin' where user_id = $1`, [actor.userId]);
    expect(refused.code).toBe('oauth_state_invalid');
  });
});

describe('a key that is limited to accounts', () => {
  test('connects those again, and by no way another or a new one', async () => {
    const own = await harness.addXAccount(actor, 'dee', 3_600_000);
    const other = await harness.addXAccount(actor, 'eli', 3_600_000);
    const before = await harness.sql('select * from accounts where id = $1', [other.accountId]);
    const key = limitedTo([own.accountId], 'key_limited');
    await addKey('key_limited', [own.accountId]);
    const hand = (username: string) => {
      const { accessToken, refreshToken } = harness.x.grants.get(username) ?? harness.x.addGrant(username);
      return connectManually(harness.core, key, { platform: 'x', credentials: { accessToken, refreshToken } });
    };
    expect(await hand('dee')).toMatchObject({ id: own.accountId });
    for (const username of ['eli', 'fay']) {
      expect((await refusal(hand(username))).code).toBe('forbidden');
      const { authorizationUrl } = await startConnect(deps(), key, { platform: 'x' });
      expect((await refusal(finish(harness.x.approve(authorizationUrl, username)))).code).toBe('forbidden');
      const { connectCode } = await codeFor(username, { ...key, userId: actor.userId });
      expect((await refusal(completeConnect(deps(), key, { connectCode }))).code).toBe('forbidden');
    }
    expect(await harness.sql('select * from accounts where id = $1', [other.accountId])).toEqual(before);
    expect(await harness.sql(`select 1 from accounts where handle = 'fay'`)).toEqual([]);
  });

  test('of several accounts is shown its own, and connects no other', async () => {
    const core = manyPages(['gus', 'hob']);
    const begin = async (by: Actor) => {
      const { authorizationUrl } = await startConnect(core, by, { platform: 'x' });
      const answer = await finishConnect(core, { platform: 'x', ...harness.x.approve(authorizationUrl, 'pages') });
      if (answer.kind !== 'selection') throw new Error('no selection');
      return answer.selectionId;
    };
    const { items } = await selectAccounts(core, actor, {
      selectionId: await begin(actor),
      externalIds: ['gus-id', 'hob-id'],
    });
    await addKey('key_pages', [items[0]?.id ?? '']);
    const key = limitedTo([items[0]?.id ?? ''], 'key_pages');
    const selectionId = await begin(key);
    expect((await getSelection(core, key, { selectionId })).items.map(({ handle }) => handle)).toEqual(['gus']);
    expect((await refusal(selectAccounts(core, key, { selectionId, externalIds: ['hob-id'] }))).code).toBe(
      'validation_failed',
    );
    const chosen = await selectAccounts(core, key, { selectionId, externalIds: ['gus-id'] });
    expect(chosen.items.map(({ id }) => id)).toEqual([items[0]?.id]);
  });

  test('that was revoked meanwhile connects nothing', async () => {
    await addKey('key_gone', null);
    const { authorizationUrl } = await startConnect(
      deps(),
      { ...limitedTo([], 'key_gone'), accountIds: null },
      { platform: 'x' },
    );
    await harness.sql(`update api_keys set revoked_at = now() where id = 'key_gone'`);
    expect((await refusal(finish(harness.x.approve(authorizationUrl, 'ike')))).code).toBe('oauth_state_invalid');
  });
});
