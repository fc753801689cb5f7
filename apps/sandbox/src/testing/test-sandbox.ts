import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readSandboxConfig } from '../config.ts';
import { startSandbox, type RunningSandbox } from '../start-sandbox.ts';

/** An HTTP answer read whole; `body` is parsed where it is JSON. */
export type Reply = { status: number; headers: Headers; body: unknown; text: string };

export type Request = {
  method?: string;
  token?: string;
  json?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
};

export type TestAccount = z.infer<typeof TestAccount>;

/** A sandbox on free ports with a data directory of its own, and a client for it. */
export type TestSandbox = AsyncDisposable & {
  readonly running: RunningSandbox;
  readonly dataDir: string;
  /** Relative paths are of the main port, as `/x/...` and `/_sandbox/...`. */
  send(path: string, request?: Request): Promise<Reply>;
  bluesky(method: string, request?: Request): Promise<Reply>;
  mastodon(path: string, request?: Request): Promise<Reply>;
  account(platform: string, handle: string): Promise<TestAccount>;
  fault(spec: Record<string, unknown>): Promise<string>;
  restart(): Promise<void>;
};

export async function startTestSandbox(): Promise<TestSandbox> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  const config = () => readSandboxConfig({ SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
  let running = await startSandbox(config());

  const send = (path: string, request?: Request) => exchange(new URL(path, running.url), request);
  const control = async (path: string, json: unknown) => {
    const reply = await send(path, { method: 'POST', json });
    if (reply.status !== 201) throw new Error(`${path} answered ${reply.status}: ${reply.text}`);
    return reply.body;
  };

  return {
    get running() {
      return running;
    },
    dataDir,
    send,
    bluesky: (method, request) => exchange(new URL(`/xrpc/${method}`, running.hosts['bluesky']), request),
    mastodon: (path, request) => exchange(new URL(path, running.hosts['mastodon']), request),
    account: async (platform, handle) => TestAccount.parse(await control('/_sandbox/accounts', { platform, handle })),
    fault: async (spec) => z.object({ id: z.string() }).parse(await control('/_sandbox/faults', spec)).id,
    async restart() {
      await running[Symbol.asyncDispose]();
      running = await startSandbox(config());
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    },
  };
}

const TestAccount = z.object({
  account: z.object({ id: z.string(), handle: z.string() }),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  expiresIn: z.number().optional(),
  appPassword: z.string().optional(),
});

async function exchange(url: URL, { method, token, json, form, headers }: Request = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: method ?? (json === undefined && form === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? parse(text) : text, text };
}

/** A broken body is left to the test. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
