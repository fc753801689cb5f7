import { expect, test } from 'vitest';
import { z } from 'zod';
import type { TestAccount } from '../testing/test-sandbox.ts';
import { sandbox, collection, send, postCount } from './test-faults.ts';

const basic = {
  authorization: `Basic ${Buffer.from('vibetribe-sandbox:vibetribe-sandbox-secret').toString('base64')}`,
};

test('a token called revoked cannot be refreshed while the fault holds; the grant itself is whole', async () => {
  const account = await sandbox.account('x', 'ada');
  await sandbox.fault({
    kind: 'token-revoked',
    platform: 'x',
    account: 'ada',
    method: 'POST',
    pathIncludes: '/2/tweets',
    times: 1,
  });
  const refresh = () =>
    sandbox.send('/x/2/oauth2/token', {
      form: { grant_type: 'refresh_token', refresh_token: account.refreshToken ?? '' },
      headers: basic,
    });
  expect((await send('x', account)).status).toBe(401);
  expect(await refresh()).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  expect((await sandbox.send('/x/2/users/me', { token: account.accessToken })).status).toBe(401);
  await sandbox.send('/_sandbox/faults', { method: 'DELETE' });
  expect((await refresh()).status).toBe(200);
});

test('a revoked grant of Bluesky can neither refresh nor sign in', async () => {
  const account = await sandbox.account('bluesky', 'ada');
  await sandbox.fault({ kind: 'token-revoked', platform: 'bluesky' });
  const refresh = await sandbox.bluesky('com.atproto.server.refreshSession', {
    method: 'POST',
    token: account.refreshToken ?? '',
  });
  expect(refresh).toMatchObject({ status: 400, body: { error: 'ExpiredToken', message: 'Token has been revoked' } });
  const json = { identifier: 'ada.test', password: account.appPassword };
  expect(await sandbox.bluesky('com.atproto.server.createSession', { json })).toMatchObject({ status: 401 });
});

test('an expired token leaves the refresh alone', async () => {
  const account = await sandbox.account('bluesky', 'ada');
  await sandbox.fault({ kind: 'token-expired', platform: 'bluesky' });
  expect((await send('bluesky', account)).status).toBe(400);
  const refresh = await sandbox.bluesky('com.atproto.server.refreshSession', {
    method: 'POST',
    token: account.refreshToken ?? '',
  });
  expect(refresh.status).toBe(200);
});

test('a fault of one account spares the others, also where the sender is named in the body', async () => {
  const ada = await sandbox.account('bluesky', 'ada');
  const eve = await sandbox.account('bluesky', 'eve');
  await sandbox.fault({ kind: 'http-500', platform: 'bluesky', account: 'ada' });
  const signIn = ({ account, appPassword }: TestAccount) =>
    sandbox.bluesky('com.atproto.server.createSession', {
      json: { identifier: account.handle, password: appPassword },
    });
  expect([(await signIn(ada)).status, (await signIn(eve)).status]).toEqual([500, 200]);
  expect([(await send('bluesky', ada)).status, (await send('bluesky', eve)).status]).toEqual([500, 200]);
});

test('a fault of one instance of Mastodon spares the other, one of the platform strikes both', async () => {
  const instance = (origin: string | undefined) =>
    fetch(`${origin}/api/v2/instance`).then((response) => response.status);
  const both = () =>
    Promise.all([instance(sandbox.running.hosts['mastodon']), instance(sandbox.running.hosts['mastodon2'])]);
  await sandbox.fault({ kind: 'http-500', platform: 'mastodon2' });
  expect(await both()).toEqual([200, 500]);
  await sandbox.fault({ kind: 'http-500', platform: 'mastodon' });
  expect(await both()).toEqual([500, 500]);
});

test('faults leave pages and the control API alone', async () => {
  await sandbox.fault({ kind: 'http-500' });
  expect((await sandbox.send('/')).status).toBe(200);
  expect((await sandbox.send('/_sandbox/stats')).status).toBe(200);
  expect((await sandbox.mastodon('/oauth/authorize')).status).toBe(400);
  expect((await sandbox.send('/x/i/oauth2/authorize')).status).toBe(400);
});

test('listing-lag hides a new post from listings, not from a look-up by id, until the time is over', async () => {
  await sandbox.fault({ kind: 'listing-lag', delayMs: 60_000 });
  const x = await sandbox.account('x', 'ada');
  const mastodon = await sandbox.account('mastodon', 'ada');
  const bluesky = await sandbox.account('bluesky', 'ada');
  const WithId = z.object({
    id: z.string().optional(),
    uri: z.string().optional(),
    data: z.object({ id: z.string() }).optional(),
  });
  const tweet = WithId.parse((await send('x', x)).body).data?.id ?? '';
  const status = WithId.parse((await send('mastodon', mastodon)).body).id ?? '';
  const rkey =
    WithId.parse((await send('bluesky', bluesky)).body)
      .uri?.split('/')
      .at(-1) ?? '';
  const repo = bluesky.account.id;

  const listings = () =>
    Promise.all([
      sandbox.send(`/x/2/users/${x.account.id}/tweets`, { token: x.accessToken }),
      sandbox.mastodon(`/api/v1/accounts/${mastodon.account.id}/statuses`),
      sandbox.bluesky(`com.atproto.repo.listRecords?repo=${repo}&collection=${collection}`),
    ]);
  const [tweets, statuses, records] = await listings();
  expect(tweets.body).toEqual({ meta: { result_count: 0 } });
  expect(statuses.body).toEqual([]);
  expect(records.body).toEqual({ records: [] });

  const lookUps = await Promise.all([
    sandbox.send(`/x/2/tweets/${tweet}`, { token: x.accessToken }),
    sandbox.mastodon(`/api/v1/statuses/${status}`),
    sandbox.bluesky(`com.atproto.repo.getRecord?repo=${repo}&collection=${collection}&rkey=${rkey}`),
  ]);
  expect(lookUps.map((reply) => [reply.status, reply.text.includes('post ')])).toEqual([
    [200, true],
    [200, true],
    [200, true],
  ]);
  expect(await postCount('x')).toBe(1);

  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 60_000 } });
  for (const reply of await listings()) expect(reply.text).toContain('post ');
});
