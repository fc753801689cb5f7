import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import { platformEndpoints } from '../endpoints.ts';
import { adapters } from '../registry.ts';
import { testPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication, type TestClient } from '../testing/test-platform.ts';
import { publishThrough } from '../testing/test-publish.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

const adapter = adapters.linkedin;
let sandbox: TestSandbox;
let client: TestClient;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
  client = openTestClient('linkedin');
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

test('one consent opens a person and an organization; each posts for itself, and a lost answer of the organization is found', async () => {
  const endpoints = platformEndpoints('linkedin', { sandboxUrl: sandbox.url, env: {} });
  const codeVerifier = randomBytes(32).toString('base64url');
  const consent = await sandbox.consent({
    adapter,
    endpoints,
    http: client.http(),
    handle: 'ada,company/acme',
    codeVerifier,
  });
  const grant = await adapter.oauth?.exchange({
    ...consent,
    endpoints,
    http: client.http(),
    codeVerifier,
    now: new Date(),
  });
  if (grant === undefined) throw new Error('no grant');
  expect(grant.accounts.map(({ externalId }) => externalId)).toEqual([
    expect.stringMatching(/^urn:li:person:/),
    expect.stringMatching(/^urn:li:organization:\d+$/),
  ]);
  const accounts = grant.accounts.map((account) => ({ ...account, service: null }));
  for (const account of accounts) {
    const media = [testPicture(`By ${account.handle}`)];
    const content = { text: 'From one consent', options: {}, media };
    const access = accessOf(grant.credentials, account);
    const publication = startPublication({ adapter, endpoints, client, account, ...access, content });
    const fate = await publishThrough(sandbox, publication);
    const posts = await sandbox.posts('linkedin', account.externalId);
    expect(posts).toMatchObject({
      commits: 1,
      items: [{ text: content.text, media: [{ alt: `By ${account.handle}` }] }],
    });
    const isOrganization = account.externalId.includes('organization');
    // What a person has posted may not be read with the scopes that everybody gets.
    expect((await publication.reconcile()).kind).toBe(isOrganization ? 'found' : 'cannot_tell');
    expect(fate).toMatchObject({ kind: 'published', platformPostId: posts.items[0]?.id });
  }
});
