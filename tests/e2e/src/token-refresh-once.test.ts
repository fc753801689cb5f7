import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, test } from 'vitest';
import { type Client, registerClient, sandboxPosts, send } from './client.ts';
import { startTestStack } from './test-stack.ts';

const count = 50;

interface Account {
  readonly id: string;
  readonly handle: string;
  readonly status: string;
}

interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
}

test(
  '50 tokens that end in the same minute, two cron processes and two publishers, a token endpoint that fails one time in five: each refreshed once, none given up; a revoked one waits for its owner',
  { timeout: 240_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: null,
      publishers: 2,
      env: { CRON_TOKEN_REFRESH: '*/5 * * * * *', SWEEP_INTERVAL_MS: '1000', RATE_LIMIT_X: '10000' },
    });
    await send('PUT', `${system.sandbox}/_sandbox/limits`, { platform: 'x', scale: 1000 });
    await send('POST', `${system.sandbox}/_sandbox/faults`, {
      platform: 'x',
      pathIncludes: 'oauth2/token',
      kind: 'http-500',
      probability: 0.2,
      seed: 7,
    });
    const client = await registerClient(system.api);
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const accountIds: string[] = [];
    for (let index = 0; index < count; index += 1)
      accountIds.push(await connectExpiring(client, system.sandbox, `token${index}`, expiresAt));
    const revokedId = await connectExpiring(client, system.sandbox, 'revoked', expiresAt);
    await send('POST', `${system.sandbox}/_sandbox/tokens/revoke`, { platform: 'x', account: 'revoked' });
    // Not before: a token that is refreshed and then revoked would count as one refresh more.
    await Promise.all([system.addCron(), system.addCron()]);

    const dueAt = new Date(Date.now() + 3_000).toISOString();
    await Promise.all(
      accountIds.map((id, index) =>
        client.post('/posts', { content: `From account ${index}`, accountIds: [id], scheduledAt: dueAt }),
      ),
    );
    const orphan = await client.post<{ id: string }>('/posts', {
      content: 'Goes out after all',
      accountIds: [revokedId],
      scheduledAt: dueAt,
    });

    await waitFor(async () => (await sandboxPosts(system.sandbox)).items.length === count, {
      timeoutMs: 120_000,
      describe: `${count} posts are out`,
    });
    const { items: accounts } = await client.get<{ items: Account[] }>('/accounts?limit=100');
    expect(accounts.filter(({ status }) => status === 'needs_reauth').map(({ handle }) => handle)).toEqual(['revoked']);
    expect(accounts.filter(({ status }) => status === 'active')).toHaveLength(count);

    // A token that still holds is used although its refresh has failed; the next turn of the cron refreshes it.
    await waitFor(async () => (await readRefreshes(system.sandbox, 200)).length >= count, {
      timeoutMs: 60_000,
      describe: 'every token was refreshed',
    });
    expect(await readRefreshes(system.sandbox, 200)).toHaveLength(count);
    expect((await readRefreshes(system.sandbox, 500)).length).toBeGreaterThan(0);

    const waiting = await client.get<{ publications: { status: string; waitingFor: { reason: string } | null }[] }>(
      `/posts/${orphan.id}`,
    );
    expect(waiting.publications).toMatchObject([{ status: 'waiting', waitingFor: { reason: 'token' } }]);
    const { items: notifications } = await client.get<{ items: { kind: string }[] }>('/notifications');
    expect(notifications.filter(({ kind }) => kind === 'account_needs_reauth')).toHaveLength(1);

    const again = await connectExpiring(
      client,
      system.sandbox,
      'revoked',
      new Date(Date.now() + 7_200_000).toISOString(),
    );
    expect(again).toBe(revokedId);
    await waitFor(
      async () => (await sandboxPosts(system.sandbox)).items.some(({ text }) => text === 'Goes out after all'),
      {
        timeoutMs: 60_000,
        describe: 'the post of the reconnected account is out',
      },
    );
  },
);

/** Two instances of one platform, each with its own accounts and posts, at once. */
test("two Mastodon servers of the user's choice at once", { timeout: 120_000 }, async () => {
  await using system = await startTestStack({ postgresUrl: inject('postgresUrl'), redisUrl: null, publishers: 1 });
  const client = await registerClient(system.api);
  const hosts = (await send('GET', `${system.sandbox}/_sandbox/hosts`)).body as Record<string, string>;
  const accountIds: string[] = [];
  for (const instance of ['mastodon', 'mastodon2']) {
    const made = (await send('POST', `${system.sandbox}/_sandbox/accounts`, { platform: instance, handle: 'twin' }))
      .body as { accessToken: string };
    accountIds.push(
      (
        await client.post<{ id: string }>('/accounts/manual', {
          platform: 'mastodon',
          credentials: { instance: hosts[instance], accessToken: made.accessToken },
        })
      ).id,
    );
  }
  expect(new Set(accountIds).size).toBe(2);
  await client.post('/posts', {
    content: 'To the first',
    accountIds,
    variants: { [accountIds[1] ?? '']: { content: 'To the second' } },
    scheduledAt: new Date(Date.now() + 500).toISOString(),
  });
  await waitFor(async () => (await sandboxPosts(system.sandbox)).items.length === 2, {
    timeoutMs: 60_000,
    describe: 'both servers have their post',
  });
  const { items } = await sandboxPosts(system.sandbox);
  expect(items.map(({ text }) => text).sort()).toEqual(['To the first', 'To the second']);
});

async function readRefreshes(sandbox: string, answered: number): Promise<LoggedRequest[]> {
  const { items } = (await send('GET', `${sandbox}/_sandbox/requests?platform=x&limit=1000`)).body as {
    items: LoggedRequest[];
  };
  return items.filter(
    ({ method, path, status }) => method === 'POST' && path.includes('oauth2/token') && status === answered,
  );
}

async function connectExpiring(client: Client, sandbox: string, handle: string, expiresAt: string): Promise<string> {
  const made = (await send('POST', `${sandbox}/_sandbox/accounts`, { platform: 'x', handle })).body as {
    accessToken: string;
    refreshToken: string;
  };
  const credentials = { accessToken: made.accessToken, refreshToken: made.refreshToken, expiresAt };
  return (await client.post<{ id: string }>('/accounts/manual', { platform: 'x', credentials })).id;
}
