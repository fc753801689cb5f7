import { randomBytes } from 'node:crypto';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { type Client, registerClient, sandboxPosts, send } from './client.ts';
import { startTestStack, type TestStack } from './test-stack.ts';

/** 200 in the full run. */
const count = process.env['TEST_FULL'] === '1' ? 200 : 60;
/** So many of them post meanwhile. */
const posting = count / 4;

interface Account {
  readonly id: string;
  readonly externalId: string;
  readonly handle: string;
  readonly status: string;
}

interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly account: string | null;
  readonly status: number | null;
  readonly fault: string | null;
}

interface Publication {
  readonly status: string;
  readonly waitingFor: { readonly reason: string } | null;
}

const newKey = `k2:${randomBytes(32).toString('base64')}`;
const oldKey = `k1:${randomBytes(32).toString('base64')}`;

test(
  `${count} tokens that end in the same hour, two cron processes, a token endpoint that fails one time in five and loses one answer in twenty, while the keys are rotated by a process that is killed half-way: each refreshed once, none given up wrongly, every lost rotation told, no grant left under the old key`,
  { timeout: 400_000 },
  async () => {
    await using system = await startTestStack({
      postgresUrl: inject('postgresUrl'),
      redisUrl: null,
      publishers: 2,
      env: {
        CRON_TOKEN_REFRESH: '*/5 * * * * *',
        SWEEP_INTERVAL_MS: '1000',
        RATE_LIMIT_X: '10000',
        ENCRYPTION_KEYS: `${newKey},${oldKey}`,
      },
    });
    await using database = await openDatabase(system);
    await send('PUT', `${system.sandbox}/_sandbox/limits`, { platform: 'x', scale: 1000 });
    const token = { platform: 'x', pathIncludes: 'oauth2/token' };
    await send('POST', `${system.sandbox}/_sandbox/faults`, { ...token, kind: 'http-500', probability: 0.2, seed: 7 });
    await send('POST', `${system.sandbox}/_sandbox/faults`, {
      ...token,
      kind: 'reset-after',
      probability: 0.05,
      seed: 8,
    });
    const client = await registerClient(system.api);
    const endsIn = (ms: number) => new Date(Date.now() + ms).toISOString();
    const connect = (index: number) =>
      connectExpiring(client, system.sandbox, `token${index}`, endsIn(60_000 + index * 5_000));
    const accountIds: string[] = [];
    for (let index = 0; index < count; index += 10)
      accountIds.push(...(await Promise.all(Array.from({ length: 10 }, (_, next) => connect(index + next)))));
    const revokedId = await connectExpiring(client, system.sandbox, 'revoked', endsIn(60_000));
    await send('POST', `${system.sandbox}/_sandbox/tokens/revoke`, { platform: 'x', account: 'revoked' });
    const underOld = await system.run(rotateKeys, { ENCRYPTION_KEYS: `${oldKey},${newKey}` }).ended;
    expect(underOld.code, underOld.output).toBe(0);
    expect(await database.grantsByKey()).toEqual({ k1: count + 1 });

    // It stops at a grant in the middle, and is killed there.
    await using held = await database.holdMiddleGrant();
    // Not before: a token that is refreshed and then revoked would count as one refresh more.
    await Promise.all([system.addCron(), system.addCron()]);
    const rotation = system.run(rotateKeys);
    await waitFor(() => database.isRotationWaiting(), {
      timeoutMs: 60_000,
      intervalMs: 50,
      describe: 'the rotation is half-way',
    });
    rotation.kill();
    await rotation.ended;
    expect((await database.grantsByKey())['k1']).toBeGreaterThan(0);
    await held.release();
    const dueAt = endsIn(3_000);
    const post = (id: string, content: string) =>
      client.post<{ id: string }>('/posts', { content, accountIds: [id], scheduledAt: dueAt });
    const [again, orphan, ...posts] = await Promise.all([
      system.run(rotateKeys).ended,
      post(revokedId, 'Goes out after all'),
      ...accountIds.slice(0, posting).map((id, index) => post(id, `From account ${index}`)),
    ]);
    expect(again.code, again.output).toBe(0);

    const publicationOf = async (id: string) =>
      (await client.get<{ publications: Publication[] }>(`/posts/${id}`)).publications[0];
    const isSettled = async ({ id }: { id: string }) => {
      const publication = await publicationOf(id);
      return publication?.status === 'published' || publication?.waitingFor?.reason === 'token';
    };
    await waitFor(async () => (await Promise.all(posts.map(isSettled))).every(Boolean), {
      timeoutMs: 120_000,
      intervalMs: 500,
      describe: `${posting} posts are out, or wait for an account to be connected again`,
    });
    // A token that still holds is used although its refresh has failed; the next turn of the cron refreshes it.
    await waitFor(
      async () => {
        const { renewed, lost } = await readRefreshes(system.sandbox);
        return renewed.length + lost.size >= count;
      },
      { timeoutMs: 120_000, intervalMs: 500, describe: 'every token was refreshed' },
    );
    const { renewed, lost, failed } = await readRefreshes(system.sandbox);
    const accounts = await allAccounts(client);
    const isLost = ({ externalId }: Account) => lost.has(externalId);
    const lostHandles = accounts.filter(isLost).map(({ handle }) => handle);
    const inNeed = async () => (await allAccounts(client)).filter(({ status }) => status === 'needs_reauth');
    await waitFor(async () => (await inNeed()).length === lost.size + 1, {
      timeoutMs: 60_000,
      describe: 'every lost rotation is known',
    });
    expect(new Set((await inNeed()).map(({ handle }) => handle))).toEqual(new Set([...lostHandles, 'revoked']));
    expect(failed).toBeGreaterThan(0);
    expect(lost.size).toBeGreaterThan(0);
    expect(new Set(renewed).size).toBe(renewed.length);
    expect(renewed.filter((account) => lost.has(account))).toEqual([]);
    const told = await allNotifications(client);
    expect(new Set(told.map(({ title }) => title))).toEqual(
      new Set([...lostHandles, 'revoked'].map((handle) => `${handle} needs to be connected again`)),
    );
    expect(told).toHaveLength(lost.size + 1);
    expect(told.some(({ body }) => body.includes('the new one was lost on its way'))).toBe(true);

    // With the old key thrown away, every account that is left posts.
    expect(await database.grantsByKey()).toEqual({ k2: count + 1 });
    for (const publisher of system.publishers) publisher.kill('SIGTERM');
    await Promise.all(system.publishers.map(({ stopped }) => stopped));
    expect(await publicationOf(orphan.id)).toMatchObject({ status: 'waiting', waitingFor: { reason: 'token' } });
    await system.addPublisher({ ENCRYPTION_KEYS: newKey });
    const active = (await allAccounts(client)).filter(({ status }) => status === 'active');
    const statusOf = async (id: string) => (await client.get<{ status: string }>(`/posts/${id}`)).status;
    const half = Math.ceil(active.length / 2);
    for (const [content, some] of [
      ['From everybody', active.slice(0, half)],
      ['From all the others', active.slice(half)],
    ] as const) {
      const accountsOf = some.map(({ id }) => id);
      const { id } = await client.post<{ id: string }>('/posts', {
        content,
        accountIds: accountsOf,
        scheduledAt: endsIn(0),
      });
      await waitFor(async () => (await statusOf(id)) === 'published', {
        timeoutMs: 120_000,
        intervalMs: 500,
        describe: () => `${some.length} accounts post\n${system.output().slice(-4_000)}`,
      });
    }

    expect(await connectExpiring(client, system.sandbox, 'revoked', endsIn(7_200_000))).toBe(revokedId);
    await waitFor(async () => (await publicationOf(orphan.id))?.status === 'published', {
      timeoutMs: 60_000,
      describe: 'the post of the reconnected account is out',
    });
  },
);

const rotateKeys = 'apps/migrate/src/rotate-keys/main.ts';

async function openDatabase({ databaseUrl }: TestStack) {
  await using opening = new AsyncDisposableStack();
  const connect = async () => {
    const connected = new pg.Client({ connectionString: databaseUrl });
    await connected.connect();
    opening.defer(() => connected.end());
    return connected;
  };
  const [client, holder] = [await connect(), await connect()];
  const opened = opening.move();
  return {
    async grantsByKey(): Promise<Record<string, number>> {
      const { rows } = await client.query<{ key: string; count: number }>(
        `select split_part(credentials, ':', 3) as key, count(*)::int as count from grants where credentials <> '' group by 1`,
      );
      return Object.fromEntries(rows.map(({ key, count: ofKey }) => [key, ofKey]));
    },
    /** Nobody else changes it until it is released. */
    async holdMiddleGrant() {
      await holder.query('begin');
      await holder.query(
        `select 1 from grants where id = (select id from grants order by id offset $1 limit 1) for update`,
        [count / 2],
      );
      const release = async () => void (await holder.query('rollback'));
      return { release, [Symbol.asyncDispose]: release };
    },
    async isRotationWaiting(): Promise<boolean> {
      const { rows } = await client.query(
        `select 1 from pg_stat_activity where application_name = 'vibetribe-rotate-keys' and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

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

/** By account: renewed, and renewed with the answer lost. An account that the platform does not know by its token any more counts as neither. */
async function readRefreshes(sandbox: string) {
  const { body } = await send('GET', `${sandbox}/_sandbox/requests?platform=x&limit=1000`);
  const refreshes = (body as { items: LoggedRequest[] }).items.filter(
    ({ method, path }) => method === 'POST' && path.includes('oauth2/token'),
  );
  const accountsOf = (found: readonly LoggedRequest[]) => found.flatMap(({ account }) => account ?? []);
  return {
    renewed: accountsOf(refreshes.filter(({ status, fault }) => status === 200 && fault === null)),
    lost: new Set(accountsOf(refreshes.filter(({ fault }) => fault === 'reset-after'))),
    failed: refreshes.filter(({ status }) => status === 500).length,
  };
}

async function allAccounts(client: Client): Promise<Account[]> {
  return readAll<Account>(client, '/accounts?limit=100');
}

async function allNotifications(client: Client): Promise<{ kind: string; title: string; body: string }[]> {
  const all = await readAll<{ kind: string; title: string; body: string }>(client, '/notifications?limit=100');
  return all.filter(({ kind }) => kind === 'account_needs_reauth');
}

async function readAll<Item>(client: Client, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: Item[]; nextCursor: string | null } = await client.get(
      cursor === '' ? path : `${path}&cursor=${encodeURIComponent(cursor)}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

async function connectExpiring(client: Client, sandbox: string, handle: string, expiresAt: string): Promise<string> {
  const made = (await send('POST', `${sandbox}/_sandbox/accounts`, { platform: 'x', handle })).body as {
    accessToken: string;
    refreshToken: string;
  };
  const credentials = { accessToken: made.accessToken, refreshToken: made.refreshToken, expiresAt };
  return (await client.post<{ id: string }>('/accounts/manual', { platform: 'x', credentials })).id;
}
