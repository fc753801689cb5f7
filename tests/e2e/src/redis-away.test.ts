import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import { connectAccount, registerClient, sandboxPosts } from './client.ts';
import { startTestStack } from './test-stack.ts';

test(
  'API, publisher and cron start while Redis is away, say so, and work as soon as it is there',
  { timeout: 180_000 },
  async () => {
    const gone = await startRedisServer();
    await gone.kill();
    const { port } = gone;
    await using stack = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: `redis://127.0.0.1:${port}/0`,
      publishers: 1,
      crons: 1,
    });
    const healthOf = async (url: string) => (await fetch(url)).status;
    const addresses = [
      `${stack.api}/health`,
      ...[...stack.publishers, ...stack.crons].map((app) => `http://127.0.0.1:${app.port}/health`),
    ];
    expect(await Promise.all(addresses.map(healthOf))).toEqual([503, 503, 503]);

    await using _redis = await startRedisServer({ port });
    await waitFor(async () => (await Promise.all(addresses.map(healthOf))).every((status) => status === 200), {
      describe: 'everything to be well',
      timeoutMs: 30_000,
      intervalMs: 250,
    });

    const client = await registerClient(stack.api);
    const accountId = await connectAccount(client, stack.sandbox, 'mastodon', 'patient');
    const { ticket } = await client.post<{ ticket: string }>('/auth/ws-ticket');
    const told: string[] = [];
    const socket = new WebSocket(`${stack.api.replace('http', 'ws')}/ws?ticket=${ticket}`);
    socket.addEventListener('message', ({ data }) => told.push(String(data)));
    await client.post('/posts', {
      content: 'Here we are',
      accountIds: [accountId],
      scheduledAt: new Date().toISOString(),
    });
    await waitFor(async () => (await sandboxPosts(stack.sandbox)).items.length === 1, {
      describe: 'the post to be out',
      timeoutMs: 30_000,
    });
    await waitFor(() => told.some((text) => text.includes('post-status-update')), {
      describe: 'the socket to be told',
    });
    socket.close();
  },
);
