import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

test('nodeinfo says what runs there, at the address that its well-known document names', async () => {
  const { body } = await sandbox.mastodon('/.well-known/nodeinfo');
  const [link] = z.object({ links: z.array(z.object({ rel: z.string(), href: z.url() })) }).parse(body).links;
  expect(link?.rel).toBe('http://nodeinfo.diaspora.software/ns/schema/2.0');
  const { pathname } = new URL(link?.href ?? '');
  expect((await sandbox.mastodon(pathname)).body).toMatchObject({ version: '2.0', software: { name: 'mastodon' } });
});

test('the older description has the same numbers as the newer', async () => {
  const [older, newer] = [await sandbox.mastodon('/api/v1/instance'), await sandbox.mastodon('/api/v2/instance')];
  const configuration = (body: unknown) => z.looseObject({ configuration: z.unknown() }).parse(body).configuration;
  expect(configuration(older.body)).toEqual(configuration(newer.body));
  expect(older.body).toMatchObject({ uri: z.object({ domain: z.string() }).parse(newer.body).domain });
});

test('a token tells the application that it was made for, as its posts name it', async () => {
  const { accessToken: token } = await sandbox.account('mastodon', 'ada');
  const { body } = await sandbox.mastodon('/api/v1/apps/verify_credentials', { token });
  const { name } = z.object({ name: z.string() }).parse(body);
  const status = await sandbox.mastodon('/api/v1/statuses', { token, json: { status: 'hi' } });
  expect(status.body).toMatchObject({ application: { name } });
  expect(body).not.toHaveProperty('client_secret');
  expect((await sandbox.mastodon('/api/v1/apps/verify_credentials', { token: 'none' })).status).toBe(401);
  expect((await sandbox.mastodon('/api/v1/apps/verify_credentials')).status).toBe(401);
});
