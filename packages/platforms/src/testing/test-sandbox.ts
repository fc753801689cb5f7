import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { z } from 'zod';
import type { PlatformAdapter } from '../port/adapter.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';

/** The account, and its credentials under the names that the platform has for them. */
export const MadeAccount = z.looseObject({ account: z.object({ id: z.string(), handle: z.string() }) });
export type MadeAccount = z.infer<typeof MadeAccount>;

const Posts = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      media: z.array(z.unknown()),
      replyTo: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
    }),
  ),
  commits: z.int(),
});

export type TestSandbox = Awaited<ReturnType<typeof startTestSandbox>>;

/**
 * The platform sandbox as its own process, started as an operator starts it: the tests share no code with it.
 * @param nodePath the Node to run it with
 */
export async function startTestSandbox(nodePath: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'platforms-conformance-'));
  const child = spawn(nodePath, [join(import.meta.dirname, '../../../../apps/sandbox/src/main.ts')], {
    env: { DATA_DIR: dataDir, SANDBOX_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = `http://127.0.0.1:${await readyPort(child)}`;

  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${url}${path}`, { method, ...init });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };

  return {
    url,
    control,
    newHandle,
    hosts: z.record(z.string(), z.string()).parse(await control('GET', '/_sandbox/hosts')),

    makeAccount: async (platform: PlatformId) =>
      MadeAccount.parse(await control('POST', '/_sandbox/accounts', { platform, handle: newHandle() })),

    /** What the account's followers see, and how often something was accepted. */
    posts: async (platform: PlatformId, account: string) =>
      Posts.parse(await control('GET', `/_sandbox/posts?${new URLSearchParams({ platform, account }).toString()}`)),

    /** The user's way through the consent page, up to the code that comes back. */
    consent: async (user: {
      adapter: PlatformAdapter;
      endpoints: PlatformEndpoints;
      http: PlatformHttp;
      /** The server that the user names, on platforms of many. */
      server?: string;
      handle: string;
      codeVerifier: string;
    }) => {
      const redirectUri = 'http://127.0.0.1:1/callback';
      const state = randomBytes(8).toString('hex');
      const codeChallenge = createHash('sha256').update(user.codeVerifier).digest('base64url');
      const { oauth } = user.adapter;
      if (oauth === undefined) throw new Error('the platform has no consent page');
      const server = user.server ?? null;
      const call = { endpoints: user.endpoints, http: user.http, redirectUri };
      const address = 'http://127.0.0.1:1/client';
      const client =
        (await oauth.describedClient?.make({ address, redirectUri })) ??
        (server === null ? null : ((await oauth.registerClient?.({ ...call, server })) ?? null));
      const request = { ...call, state, codeChallenge, server, handle: null, client, now: new Date() };
      const { authorizationUrl, pending = {} } = await oauth.begin(request);
      const answer = await fetch(`${authorizationUrl}&sandbox_approve=${user.handle}`, { redirect: 'manual' });
      const back = new URL(answer.headers.get('location') ?? '');
      if (back.searchParams.get('state') !== state) throw new Error('the consent page lost the state');
      const { searchParams } = back;
      const code = searchParams.get('code') ?? '';
      return { handle: user.handle, redirectUri, code, issuer: searchParams.get('iss'), pending };
    },

    [Symbol.asyncDispose]: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function newHandle(): string {
  return `t${randomBytes(5).toString('hex')}`;
}

const ReadyLine = z.object({ msg: z.literal('ready'), port: z.int() });

async function readyPort({ stdout }: ChildProcess): Promise<number> {
  if (stdout === null) throw new Error('the sandbox has no output');
  for await (const line of createInterface({ input: stdout })) {
    const ready = ReadyLine.safeParse(JSON.parse(line));
    if (!ready.success) continue;
    stdout.resume();
    return ready.data.port;
  }
  throw new Error('the sandbox ended before it was ready');
}
