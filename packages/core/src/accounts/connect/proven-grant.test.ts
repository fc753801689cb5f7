import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import type { Core } from '../../create-core.ts';
import { completeConnect } from './complete-connect.ts';
import { connectManually } from './connect-manually.ts';
import { describeClient } from './described-client.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { finishConnect } from './finish-connect.ts';
import { getValidToken, type TokenDependencies } from '../tokens/get-valid-token.ts';
import { refreshExpiringGrants } from '../tokens/refresh-expiring-grants.ts';
import { startConnect } from './start-connect.ts';
import { type AccountsHarness, createAccountsHarness, openTestCore, refusal } from '../test-accounts.ts';

const opened = new AsyncDisposableStack();
const publicUrl = 'https://api.example.org';
const redirectTo = 'https://app.example.org/accounts';
let harness: AccountsHarness;
let other: Core;
let actor: Actor & { userId: string };
let sandboxUrl = '';

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-proven-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const env = { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
  const sandbox = opened.use(await spawnApp({ app: 'sandbox', env }));
  sandboxUrl = `http://127.0.0.1:${sandbox.port}`;
  harness = opened.use(await createAccountsHarness(inject('postgresUrl'), { sandboxUrl }));
  other = openTestCore(opened, harness.place, { write: () => undefined });
  actor = await harness.addOrganization();
  const at = await serveDescription();
  await control('POST', '/origins', { origin: publicUrl, at });
});
afterAll(() => opened.disposeAsync());

const deps = () => ({ ...harness.core, publicUrl: () => publicUrl, redirectOrigins: ['https://app.example.org'] });

/** Stands where the API does. */
async function serveDescription(): Promise<string> {
  const server = createServer((request, response) => {
    const platformId = request.url?.split('/').at(-1) ?? '';
    void describeClient(deps(), { platformId }).then((json) => response.end(JSON.stringify(json)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function control<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(`${sandboxUrl}/_sandbox${path}`, { method, ...init });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json() as Promise<Answer>;
}

const service = async () => (await control<Record<string, string>>('GET', '/hosts'))['bluesky'] ?? '';

/** To the consent page and back. */
async function consent(handle: string) {
  const begun = await startConnect(deps(), actor, { platform: 'bluesky', service: await service(), redirectTo });
  const answer = await fetch(`${begun.authorizationUrl}&sandbox_approve=${handle}`, { redirect: 'manual' });
  return Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams);
}

async function connect(handle: string) {
  const finished = await finishConnect(deps(), { platform: 'bluesky', ...(await consent(handle)) });
  if (finished.kind !== 'redirect') throw new Error('not sent on');
  const connectCode = new URL(finished.url).searchParams.get('connectCode') ?? finished.url;
  const connected = await completeConnect(deps(), actor, { connectCode });
  if (!('account' in connected)) throw new Error('several accounts');
  return connected.account;
}

const grantOf = async (accountId: string) => {
  const rows = await harness.sql<{ id: string; credentials: string }>(
    'select g.id, g.credentials from grants g join accounts a on a.grant_id = g.id where a.id = $1',
    [accountId],
  );
  return rows[0] ?? { id: '', credentials: '' };
};

const tokenRequests = async () => {
  const { items } = await control<{ items: { path: string; status: number }[] }>(
    'GET',
    '/requests?platform=bluesky&limit=1000',
  );
  return items.filter(({ path, status }) => path === '/oauth/token' && status === 200).length;
};

test('a consent by a client with a key: refreshed once by any number of processes at once, and revoked at the end', async () => {
  const account = await connect('ada');
  const { id: grantId, credentials } = await grantOf(account.id);
  expect(credentials).toMatch(/^enc:v1:/u);
  const before = await tokenRequests();
  await harness.sql(`update grants set expires_at = now() + interval '1 minute' where id = $1`, [grantId]);
  const callers = [harness.core, other, harness.core, other, harness.core, other];
  const tokens = await Promise.all(callers.map((core) => getValidToken(core, grantId)));
  expect(tokens.map(({ kind }) => kind)).toEqual(callers.map(() => 'valid'));
  expect((await tokenRequests()) - before).toBe(1);

  const [token] = tokens;
  if (token?.kind !== 'valid') throw new Error('no token');
  // The platform's own refusal, in the middle of a send.
  const refused = await getValidToken(other, grantId, { refusedAccessToken: token.credentials.accessToken });
  expect(refused).toMatchObject({ kind: 'valid', refreshed: true });

  const secrets = [token.credentials.accessToken, token.credentials.refreshToken];
  const details = token.credentials.details ?? {};
  for (const name of ['clientKey', 'proofKey']) {
    const { d } = JSON.parse(details[name] ?? '') as { d: string };
    secrets.push(d);
  }
  const everything = await harness.sql<{ row: string }>(
    `select g::text as row from grants g union all select c::text from server_clients c union all select e::text from events e`,
  );
  const shown = harness.log() + everything.map(({ row }) => row).join('\n');
  for (const secret of secrets) expect(shown).not.toContain(secret);

  await disconnectAccount(harness.core, actor, { accountId: account.id });
  const last = refused.kind === 'valid' ? refused.credentials : token.credentials;
  const asked = await harness.core.adapters.bluesky.refresh
    ?.refresh({
      endpoints: harness.core.endpoints('bluesky'),
      http: harness.core.platformHttp('bluesky', { timeoutMs: 5_000 }),
      account: { externalId: account.externalId, handle: account.handle, service: await service() },
      credentials: last,
      now: new Date(),
    })
    .catch((error: unknown) => error);
  expect(asked).toMatchObject({ kind: 'auth_revoked', platformCode: 'invalid_grant' });
});

test('each turn of the cron rotates it although the server wants a new nonce; a turn that dies between answer and store is told', async () => {
  const account = await connect('cron');
  const { id: grantId } = await grantOf(account.id);
  const ends = () =>
    harness.sql(
      `update grants set expires_at = now() + interval '1 minute', refresh_until = null, refresh_failures = 0 where id = $1`,
      [grantId],
    );
  const turn = (core: TokenDependencies = harness.core) =>
    refreshExpiringGrants(core, { withinMs: 120_000, concurrency: 2, batchSize: 10 });
  const statuses = async () => {
    const { items } = await control<{ items: { path: string; status: number }[] }>(
      'GET',
      '/requests?platform=bluesky&limit=1000',
    );
    return items.filter(({ path }) => path === '/oauth/token').map(({ status }) => status);
  };
  const seen = new Set<string>();
  for (let each = 0; each < 2; each += 1) {
    await ends();
    await control('POST', '/clock', { advanceMs: 10 * 60_000 });
    expect(await turn()).toMatchObject({ found: 1, refreshed: 1 });
    expect((await statuses()).slice(0, 2)).toEqual([200, 400]);
    seen.add((await grantOf(account.id)).credentials);
  }
  expect(seen.size).toBe(2);

  await ends();
  const before = (await statuses()).filter((status) => status === 200).length;
  const dies = async (name: string) => {
    if (name === 'token:before_store') throw new Error('killed');
  };
  await turn({ ...harness.core, failpoints: { has: () => true, reach: dies } }).catch(() => null);
  expect((await statuses()).filter((status) => status === 200)).toHaveLength(before + 1);
  expect(seen).toContain((await grantOf(account.id)).credentials);
  await ends();
  expect(await turn()).toMatchObject({ found: 1, needs_reauth: 1 });
  const status = () => harness.sql('select status from accounts where id = $1', [account.id]);
  expect(await status()).toEqual([{ status: 'needs_reauth' }]);
  expect((await connect('cron')).id).toBe(account.id);
  expect(await status()).toEqual([{ status: 'active' }]);
});

test('by consent and by app password it is one account', async () => {
  const byConsent = await connect('grace');
  const made = await control<{ appPassword: string }>('POST', '/accounts', { platform: 'bluesky', handle: 'grace' });
  const credentials = { service: await service(), handle: 'grace.test', appPassword: made.appPassword };
  const byHand = await connectManually(deps(), actor, { platform: 'bluesky', credentials });
  expect(byHand.id).toBe(byConsent.id);
  expect((await connect('grace')).id).toBe(byConsent.id);
});

test('the answer of one platform is no answer of another, and one from elsewhere connects nothing', async () => {
  const elsewhere = await consent('eve');
  expect(await refusal(finishConnect(deps(), { platform: 'mastodon', ...elsewhere }))).toMatchObject({
    code: 'oauth_state_invalid',
  });
  expect(await refusal(finishConnect(deps(), { platform: 'bluesky', ...elsewhere }))).toMatchObject({
    code: 'oauth_state_invalid',
  });
  const mixedUp = { ...(await consent('eve')), iss: 'https://evil.example' };
  const finished = await finishConnect(deps(), { platform: 'bluesky', ...mixedUp });
  expect(finished).toMatchObject({ kind: 'redirect', url: `${redirectTo}?error=platform_rejected` });
});

test('who this installation is, is made once and told to everybody; no other platform asks', async () => {
  const [one, two] = await Promise.all([0, 1].map(() => describeClient(deps(), { platformId: 'bluesky' })));
  expect(one).toEqual(two);
  expect(one).toMatchObject({
    client_id: `${publicUrl}/api/v1/accounts/clients/bluesky`,
    redirect_uris: [`${publicUrl}/api/v1/accounts/callback/bluesky`],
  });
  expect(await refusal(describeClient(deps(), { platformId: 'x' }))).toMatchObject({ code: 'not_found' });
  expect(await refusal(describeClient(deps(), { platformId: 'nowhere' }))).toMatchObject({ code: 'not_found' });
});
