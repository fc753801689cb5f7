import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Told = z.object({
  followers: z.number(),
  posts: z.array(z.object({ id: z.string(), likes: z.number(), comments: z.number(), shares: z.number() })),
});
const audience = (json: object) => sandbox.send('/_sandbox/audience', { json });
const toot = async ({ accessToken: token }: TestAccount, status: string, more = {}) =>
  z
    .object({ id: z.string() })
    .parse((await sandbox.mastodon('/api/v1/statuses', { token, json: { status, ...more } })).body).id;
const read = async (id: string) => (await sandbox.mastodon(`/api/v1/statuses/${id}`)).body;
const passDays = (days: number) => sandbox.send('/_sandbox/clock', { json: { advanceMs: days * 86_400_000 } });

test('followers like, comment and share as the clock goes on, alike after a restart; what was set stands', async () => {
  const ada = await sandbox.account('mastodon', 'ada');
  const [grown, set] = [await toot(ada, 'left alone'), await toot(ada, 'set')];
  expect(await read(grown)).toMatchObject({ favourites_count: 0, replies_count: 0, reblogs_count: 0 });
  const told = Told.parse(
    (await audience({ platform: 'mastodon', account: 'ada', post: set, likes: 7, followers: 900 })).body,
  );
  expect(told).toMatchObject({ followers: 900, posts: [{ id: set, likes: 7, comments: 0 }] });
  await passDays(2);
  const Counted = z.object({ favourites_count: z.number().min(5), replies_count: z.number(), account: z.unknown() });
  const later = Counted.parse(await read(grown));
  expect(later.replies_count).toBeGreaterThan(0);
  expect(later.account).toMatchObject({ followers_count: 900 });
  expect(await read(set)).toMatchObject({ favourites_count: 7 });
  await sandbox.restart();
  const page = (await sandbox.send('/')).text;
  expect(page).toContain(`${later.favourites_count} likes`);
  expect(page).toContain('7 likes');
  expect(page).toContain('900 followers');
});

test('without a post the numbers are those of each post of the account; answers of its own are comments', async () => {
  const eve = await sandbox.account('mastodon', 'eve');
  const [one, two] = [await toot(eve, 'one'), await toot(eve, 'two')];
  await toot(eve, 'three', { in_reply_to_id: one });
  expect(await read(one)).toMatchObject({ replies_count: 1 });
  await audience({ platform: 'mastodon', account: eve.account.id, shares: 3 });
  expect(await read(one)).toMatchObject({ reblogs_count: 3, replies_count: 1 });
  expect(await read(two)).toMatchObject({ reblogs_count: 3 });
  await sandbox.send('/_sandbox/reset', { method: 'POST' });
  expect(await read(one)).toMatchObject({ error: 'Record not found' });
});

test.each([
  [{ platform: 'mastodon', account: 'max' }, 422],
  [{ platform: 'mastodon', account: 'max', likes: -1 }, 422],
  [{ platform: 'mastodon', account: 'max', likes: 1e30 }, 422],
  [{ platform: 'mastodon', account: 'nobody', likes: 1 }, 404],
  [{ platform: 'mastodon', account: 'max', post: '1', likes: 1 }, 404],
])('%j is refused', async (json, status) => {
  await sandbox.account('mastodon', 'max');
  expect((await audience(json)).status).toBe(status);
});
