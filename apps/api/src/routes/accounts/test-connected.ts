import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '@vibetribe/contracts/account';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import { type CallOptions, startTestApi, type TestApi } from '../../test-api.ts';

const opened = new AsyncDisposableStack();
export const redirectTo = 'https://app.example.org/accounts';
export let api: TestApi;
export let sandboxUrl = '';
export let token = '';
export const planted: string[] = [];

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-accounts-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const sandbox = opened.use(
    await spawnApp({ app: 'sandbox', env: { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' } }),
  );
  sandboxUrl = `http://127.0.0.1:${sandbox.port}`;
  const env = { SANDBOX_URL: sandboxUrl, REDIRECT_ORIGINS: 'https://app.example.org', API_RATE_LIMIT: '1000000' };
  api = opened.use(await startTestApi(inject('postgresUrl'), { env }));
});
afterAll(() => opened.disposeAsync());
beforeEach(async () => {
  token = (await api.register()).accessToken;
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'DELETE' });
});

export const call = (method: string, path: string, options: CallOptions = {}) =>
  api.call(method, `/api/v1${path}`, { token, ...options });
export const accountOf = (json: unknown) => json as Account;

export async function control<Answer = unknown>(path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${sandboxUrl}/_sandbox${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
  return (answer.status === 204 ? {} : await answer.json()) as Answer;
}

interface SandboxAccount {
  readonly account: { id: string; handle: string };
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly appPassword?: string;
}

export async function sandboxAccount(platform: string, handle: string): Promise<SandboxAccount> {
  const made = await control<SandboxAccount>('/accounts', { platform, handle });
  planted.push(...[made.accessToken, made.refreshToken, made.appPassword].filter((secret) => secret !== undefined));
  return made;
}

export async function hosts(): Promise<Record<'bluesky' | 'mastodon' | 'mastodon2', string>> {
  return (await fetch(`${sandboxUrl}/_sandbox/hosts`)).json() as Promise<
    Record<'bluesky' | 'mastodon' | 'mastodon2', string>
  >;
}

/** Through the sandbox's consent page, as a browser would. */
export async function connectX(handle: string, to?: string, headers: Record<string, string> = {}) {
  const started = await call('POST', '/accounts/connect', {
    body: { platform: 'x', ...(to === undefined ? {} : { redirectTo: to }) },
  });
  expect(started.status, started.text).toBe(200);
  const consent = await fetch(`${String(started.json['authorizationUrl'])}&sandbox_approve=${handle}`, {
    redirect: 'manual',
  });
  const back = new URL(consent.headers.get('location') ?? '');
  return {
    callback: back.pathname + back.search,
    answer: await api.call('GET', back.pathname + back.search, { headers }),
  };
}

export async function connectMastodon(handle: string, server: 'mastodon' | 'mastodon2' = 'mastodon') {
  const { accessToken } = await sandboxAccount(server, handle);
  const instance = (await hosts())[server];
  return call('POST', '/accounts/manual', { body: { platform: 'mastodon', credentials: { instance, accessToken } } });
}
