import { waitFor } from '@vibetribe/testkit/wait-for';
import { withoutReferences } from '@vibetribe/testkit/openapi-document';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Client, connectAccount, registerClient, send } from './client.ts';
import { dumpDatabase } from './dump-database.ts';
import { type BodySchema, hostileBody } from './hostile-body.ts';
import { listen } from './live-messages.ts';
import { type TestStack, startTestStack } from './test-stack.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly hasBody: boolean;
  readonly bodySchema: BodySchema | null;
}

interface MadeAccount {
  readonly account: { readonly handle: string };
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly appPassword?: string;
}

/** Ids of one organization's things, by the path segment before them. */
type Things = Readonly<Record<string, string>>;

const planted = { password: 'planted-password-7f3a9c1e55' };

let system: TestStack;
let owner: Client;
let stranger: Client;
let things: Things;
let operations: Operation[];

beforeAll(async () => {
  system = await startTestStack({
    postgresUrl: inject('postgresUrl'),
    redisUrl: null,
    apis: 2,
    publishers: 1,
    crons: 1,
    env: { LOG_LEVEL: 'trace' },
  });
  operations = await readOperations(system.api);
  owner = await registerClient(system.api);
  stranger = await registerClient(system.api);
  things = await makeThings(owner);
}, 120_000);
afterAll(() => system[Symbol.asyncDispose]());

async function readOperations(api: string): Promise<Operation[]> {
  const { body } = await send('GET', `${new URL(api).origin}/openapi.json`);
  const { paths } = withoutReferences(body) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: BodySchema }> } }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      hasBody: operation.requestBody !== undefined,
      bodySchema: operation.requestBody?.content['application/json']?.schema ?? null,
    })),
  );
}

async function makeThings(client: Client): Promise<Things> {
  const accountId = await connectAccount(client, system.sandbox, 'bluesky', 'isolated');
  const post = await client.post<{ id: string; publications: { id: string }[] }>('/posts', {
    content: 'Mine',
    accountIds: [accountId],
    draft: true,
  });
  const key = await client.post<{ id: string }>('/api-keys', { name: 'key', scopes: ['read'] });
  const pause = await client.post<{ id: string }>('/pauses', { scope: 'account', id: accountId, reason: 'wall' });
  const webhook = await client.post<{ id: string }>('/webhooks', {
    url: `${system.sandbox}/hooks/wall`,
    events: ['publication.*'],
  });
  const invitation = await client.post<{ id: string }>('/invitations', { email: 'wall@example.com', role: 'viewer' });
  return {
    auth: 'fam_unknown',
    media: 'med_unknown',
    invitations: invitation.id,
    accounts: accountId,
    posts: post.id,
    publications: post.publications[0]?.id ?? '',
    'api-keys': key.id,
    pauses: pause.id,
    notifications: 'ntf_unknown',
    webhooks: webhook.id,
    // Platforms are nobody's: there is none of this name.
    platforms: 'nowhere',
  };
}

describe('tenants never meet', () => {
  test("every route with an id answers another organization's id exactly as an unknown one", async () => {
    const withId = operations.filter(({ path }) => path.includes('{id}') && !path.startsWith('/api/v1/queues'));
    expect(withId.length).toBeGreaterThan(10);
    for (const { method, path, bodySchema } of withId) {
      const [, , resource = ''] = path.split('/').slice(1);
      const foreignId = things[resource];
      expect(foreignId, `a thing for ${path}`).toBeDefined();
      const ask = (id: string) =>
        stranger.request(
          method,
          path.replace('/api/v1', '').replace('{id}', id),
          bodySchema === null ? undefined : validBodyFor(path),
        );
      const [foreign, unknown] = await Promise.all([ask(foreignId ?? ''), ask('pst_00000000000000000000000000')]);
      expect({ path, method, problem: comparable(foreign.body), status: foreign.status }).toEqual({
        path,
        method,
        problem: comparable(unknown.body),
        status: unknown.status,
      });
      expect(foreign.status, `${method} ${path}`).toBe(404);
    }
  });

  test("another organization's account in a body is as unknown as one that does not exist", async () => {
    const ask = (id: string) =>
      stranger.request('POST', '/posts', { content: 'Not mine', accountIds: [id], draft: true });
    const [foreign, unknown] = await Promise.all([
      ask(things['accounts'] ?? ''),
      ask('acc_00000000000000000000000000'),
    ]);
    expect(foreign.status).toBe(422);
    expect(comparable(foreign.body)).toEqual(comparable(unknown.body));
  });

  test("lists show a stranger nothing, and no event of one organization reaches another's socket on any replica", async () => {
    for (const path of ['/posts', '/accounts', '/api-keys', '/notifications', '/pauses']) {
      expect(await stranger.get<{ items: unknown[] }>(path), path).toMatchObject({ items: [] });
    }
    const heard = await Promise.all(system.apis.map((api) => listen(api, stranger)));
    const own = await Promise.all(system.apis.map((api) => listen(api, owner)));
    const post = await owner.post<{ id: string }>('/posts', {
      content: 'For us alone',
      accountIds: [things['accounts']],
      draft: true,
    });
    for (const socket of own) {
      await waitFor(() => socket.messages.some((message) => message.includes(post.id)), {
        describe: 'the owner hears of the post on every replica',
      });
    }
    await stranger.post('/posts', {
      content: 'Mine',
      accountIds: [await connectAccount(stranger, system.sandbox, 'mastodon', 'stranger')],
      draft: true,
    });
    for (const socket of heard) {
      await waitFor(() => socket.messages.some((message) => message.includes('post-created')), {
        describe: 'the stranger hears of the own post',
      });
      expect(socket.messages.join('\n')).not.toContain(post.id);
      expect(socket.messages.join('\n')).not.toContain(owner.organizationId);
    }
    for (const socket of [...heard, ...own]) socket.close();
  });
});

describe('bad input', () => {
  test('on every write route is a 4xx problem that names the field, never a 500', { timeout: 240_000 }, async () => {
    const writes = operations.filter(
      ({ method, bodySchema }) => method !== 'GET' && bodySchema !== null && bodySchema.properties !== undefined,
    );
    expect(writes.length).toBeGreaterThan(8);
    for (const { method, path, bodySchema } of writes) {
      const target = path.replace('/api/v1', '').replace('{id}', things[path.split('/')[3] ?? ''] ?? 'none');
      await fc.assert(
        fc.asyncProperty(hostileBody(bodySchema ?? {}), async (body) => {
          const answer = await owner.request(method, target, body);
          expect(answer.status, `${method} ${target} ${JSON.stringify(body)}`).toBeLessThan(500);
          if (answer.status < 400) return;
          expect(answer.headers.get('content-type')).toContain('application/problem+json');
          const problem = answer.body as { code: string; requestId: string; errors?: { path: string }[] };
          expect(problem.requestId).toBeTruthy();
          if (problem.code === 'validation_failed')
            expect(problem.errors?.length, JSON.stringify(problem)).toBeGreaterThan(0);
        }),
        { numRuns: process.env['TEST_FULL'] === '1' ? 300 : 25 },
      );
    }
  });

  test('that is not JSON at all is told so', async () => {
    const response = await fetch(`${system.api}/posts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
      body: '{"content": ',
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'malformed_request']);
  });
});

describe('secrets', () => {
  test('stay out of every table and every log line of a whole run', { timeout: 120_000 }, async () => {
    const email = `secret-${Date.now()}@example.com`;
    const registered = (
      await send('POST', `${system.api}/auth/register`, {
        email,
        password: planted.password,
        name: 'S',
        organizationName: 'S',
      })
    ).body as {
      accessToken: string;
      refreshToken: string;
    };
    const made = await Promise.all(
      (['bluesky', 'mastodon', 'x'] as const).map(
        async (platform) =>
          (await send('POST', `${system.sandbox}/_sandbox/accounts`, { platform, handle: 'planted' }))
            .body as MadeAccount,
      ),
    );
    const hosts = (await send('GET', `${system.sandbox}/_sandbox/hosts`)).body as Record<string, string>;
    const [bluesky, mastodon, x] = made;
    const auth = { authorization: `Bearer ${registered.accessToken}` };
    const connect = async (platform: string, credentials: unknown) =>
      ((await send('POST', `${system.api}/accounts/manual`, { platform, credentials }, auth)).body as { id: string })
        .id;
    const accountIds = [
      await connect('bluesky', {
        service: hosts['bluesky'],
        handle: bluesky?.account.handle,
        appPassword: bluesky?.appPassword,
      }),
      await connect('mastodon', { instance: hosts['mastodon'], accessToken: mastodon?.accessToken }),
      await connect('x', { accessToken: x?.accessToken, refreshToken: x?.refreshToken }),
    ];
    const key = (await send('POST', `${system.api}/api-keys`, { name: 'k', scopes: ['write'] }, auth)).body as {
      key: string;
    };
    await send('POST', `${system.sandbox}/_sandbox/faults`, { platform: 'bluesky', kind: 'http-500', times: 2 });
    const post = (
      await send(
        'POST',
        `${system.api}/posts`,
        { content: 'Nothing secret', accountIds, scheduledAt: new Date(Date.now() + 500).toISOString() },
        auth,
      )
    ).body as { id: string };
    await waitFor(
      async () => {
        const { body } = await send('GET', `${system.api}/posts/${post.id}`, undefined, auth);
        return (body as { publications: { status: string }[] }).publications.some(
          ({ status }) => status === 'published',
        );
      },
      { timeoutMs: 60_000, describe: 'a publication is out' },
    );
    const socketTicket = (await send('POST', `${system.api}/auth/ws-ticket`, {}, auth)).body as { ticket: string };

    const secrets = [
      planted.password,
      registered.accessToken,
      registered.refreshToken,
      key.key,
      socketTicket.ticket,
    ].concat(
      made.flatMap((account) =>
        [account.accessToken, account.refreshToken, account.appPassword].filter((secret) => secret !== undefined),
      ),
    );
    expect(secrets.length).toBeGreaterThan(8);
    const haystacks = { database: await dumpDatabase(system.databaseUrl), logs: system.output() };
    expect(haystacks.logs.length).toBeGreaterThan(1_000);
    for (const [where, text] of Object.entries(haystacks)) {
      for (const secret of secrets)
        expect(text.includes(secret), `a secret of ${secret.length} characters in the ${where}`).toBe(false);
    }
  });
});

function comparable(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return { body };
  const { requestId: _requestId, ...rest } = body as Record<string, unknown>;
  return rest;
}

function validBodyFor(path: string): unknown {
  if (path.endsWith('/media/{id}')) return { alt: 'A wall' };
  if (path.includes('/selections/')) return { externalIds: ['page'] };
  if (path.endsWith('/resolve')) return { outcome: 'not_published', retry: false };
  if (path.endsWith('/content')) return { content: 'A wall' };
  return {};
}
