import { waitFor } from '@vibetribe/testkit/wait-for';
import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { type Client, connectAccount, registerClient, sandboxPosts, send } from './client.ts';
import { type TestStack, startTestStack } from './test-stack.ts';

const platforms = ['bluesky', 'mastodon', 'x'] as const;
const accountsPerPlatform = 10;

async function connectMany(client: Client, system: TestStack): Promise<Record<(typeof platforms)[number], string[]>> {
  for (const platform of platforms) {
    await send('PUT', `${system.sandbox}/_sandbox/limits`, { platform, scale: 1000 });
  }
  const connect = async (platform: (typeof platforms)[number]) => {
    const ids: string[] = [];
    for (let index = 0; index < accountsPerPlatform; index += 1) {
      ids.push(await connectAccount(client, system.sandbox, platform, `user${index}${platform}`));
    }
    return ids;
  };
  const [bluesky, mastodon, x] = await Promise.all([connect('bluesky'), connect('mastodon'), connect('x')]);
  return { bluesky, mastodon, x };
}

async function schedulePosts(
  client: Client,
  accounts: Record<string, string[]>,
  count: number,
  dueAtOf: (index: number) => Date,
): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const worker = async () => {
    for (let index = indexes.shift(); index !== undefined; index = indexes.shift()) {
      const accountIds = platforms.map((platform) => accounts[platform]?.[(index ?? 0) % accountsPerPlatform]);
      await client.post('/posts', {
        content: `Post number ${index}`,
        accountIds,
        scheduledAt: dueAtOf(index).toISOString(),
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

async function expectEachOnce(system: TestStack, posts: number, timeoutMs: number): Promise<void> {
  let seen = 0;
  await waitFor(
    async () => {
      seen = (await sandboxPosts(system.sandbox)).items.length;
      return seen >= posts * platforms.length;
    },
    { timeoutMs, intervalMs: 500, describe: () => `${posts * platforms.length} visible posts (${seen} seen)` },
  );
  const { items, commits } = await sandboxPosts(system.sandbox);
  expect(commits).toBe(posts * platforms.length);
  const perText = Map.groupBy(items, (item) => `${item.platform} ${item.text}`);
  expect(perText.size).toBe(posts * platforms.length);
}

const env = {
  CLAIM_LEASE_MS: '8000',
  PUBLISH_TIMEOUT_MS: '4000',
  RECONCILE_QUIET_MS: '1500',
  SWEEP_INTERVAL_MS: '1000',
  RATE_LIMIT_X: '100000',
  RATE_LIMIT_BLUESKY: '100000',
  RATE_LIMIT_MASTODON: '100000',
};

const backends = [
  { backend: 'postgres', redis: false },
  { backend: 'redis', redis: true },
] as const;
const seed = Number(process.env['TEST_SEED'] ?? 1);
const isFull = process.env['TEST_FULL'] === '1';
const posts = isFull ? 300 : 120;
/** Both in the full run; otherwise the seed decides. */
const drawn = isFull ? backends : backends.filter((_, index) => index === seed % 2);
console.log(`TEST_SEED=${seed}: on ${drawn.map(({ backend }) => backend).join(' and ')}`);

test.each(drawn)(
  `${posts} posts to 3 accounts each in one second, a publisher killed half-way: ${3 * posts} visible, none twice ($backend)`,
  { timeout: 300_000 },
  async ({ redis }) => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: redis ? inject('redisUrl') : null,
      publishers: 2,
      env,
    });
    const client = await registerClient(system.api);
    const accounts = await connectMany(client, system);
    const dueAt = new Date(Date.now() + 20_000);
    await schedulePosts(client, accounts, posts, () => dueAt);
    await waitFor(async () => (await sandboxPosts(system.sandbox)).items.length >= posts, {
      timeoutMs: 90_000,
      intervalMs: 25,
      describe: 'the run is half-way',
    });
    system.publishers[0]?.kill('SIGKILL');
    await expectEachOnce(system, posts, 120_000);
  },
);

test(
  `a Redis that is emptied while ${posts} posts are scheduled loses none of them`,
  { timeout: 180_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: inject('redisUrl'),
      publishers: 2,
      env,
    });
    const client = await registerClient(system.api);
    const accounts = await connectMany(client, system);
    const startedAtMs = Date.now();
    await schedulePosts(client, accounts, posts, (index) => new Date(startedAtMs + 8_000 + (index % 100) * 100));
    const redis = new Redis(inject('redisUrl'));
    await redis.flushall();
    redis.disconnect();
    await expectEachOnce(system, posts, 120_000);
  },
);
