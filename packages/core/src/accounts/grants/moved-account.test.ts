import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { disconnectAccount } from '../disconnect-account.ts';
import { storeGrant } from './store-grant.ts';
import { type AccountsHarness, createAccountsHarness } from '../test-accounts.ts';

let harness: AccountsHarness;
beforeAll(async () => {
  harness = await createAccountsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

async function connect(actor: Actor, platform: PlatformId, service: string, externalId: string): Promise<string> {
  const connected = {
    credentials: { accessToken: `token at ${service}`, scopes: [] },
    service,
    accounts: [{ externalId, handle: `ada at ${service}`, displayName: 'Ada' }],
  };
  const [id] = await storeGrant(harness.core, actor.organizationId, platform, connected, { source: 'manual' });
  return id ?? '';
}

const accountsOf = (actor: Actor) =>
  harness.sql('select id, service, handle, status from accounts where organization_id = $1 order by id', [
    actor.organizationId,
  ]);

const entrance = 'https://bsky.social';
const server = 'https://amanita.us-east.host.bsky.network';
const newServer = 'https://pds.example';

test('a DID is one account whatever address it came through, and keeps its id when it moves to another server', async () => {
  const actor = await harness.addOrganization();
  const did = 'did:plc:moved';
  const id = await connect(actor, 'bluesky', entrance, did);
  const publication = await harness.addPublication(actor, id, { platform: 'bluesky' });
  expect(await connect(actor, 'bluesky', server, did)).toBe(id);
  expect(await connect(actor, 'bluesky', newServer, did)).toBe(id);
  expect(await accountsOf(actor)).toEqual([
    { id, service: newServer, handle: `ada at ${newServer}`, status: 'active' },
  ]);
  expect(await harness.sql('select account_id from publications where id = $1', [publication])).toEqual([
    { account_id: id },
  ]);
  expect(await harness.sql('select 1 from grants where organization_id = $1', [actor.organizationId])).toHaveLength(1);
});

test('through two addresses at once it is one account', async () => {
  const actor = await harness.addOrganization();
  const ids = await Promise.all(
    [entrance, server, newServer, entrance].map((address) => connect(actor, 'bluesky', address, 'did:plc:atonce')),
  );
  expect(new Set(ids).size).toBe(1);
  expect(await accountsOf(actor)).toHaveLength(1);
});

test('of several from before, the one that is in use stays', async () => {
  const actor = await harness.addOrganization();
  const did = 'did:plc:several';
  const first = await connect(actor, 'bluesky', entrance, did);
  await disconnectAccount(harness.core, actor, { accountId: first });
  await harness.sql(
    `insert into accounts (id, organization_id, grant_id, platform, service, external_id, handle, display_name)
     select $2, organization_id, grant_id, platform, $3, external_id, handle, display_name from accounts where id = $1`,
    [first, `${first}_2`, server],
  );
  expect(await connect(actor, 'bluesky', newServer, did)).toBe(`${first}_2`);
  expect(await connect(actor, 'bluesky', entrance, did)).toBe(first);
});

test('an account that is named on its server alone is another one on another server', async () => {
  const actor = await harness.addOrganization();
  const one = await connect(actor, 'mastodon', 'https://one.example', '1');
  const other = await connect(actor, 'mastodon', 'https://other.example', '1');
  expect(other).not.toBe(one);
  expect(await connect(actor, 'mastodon', 'https://one.example', '1')).toBe(one);
});
