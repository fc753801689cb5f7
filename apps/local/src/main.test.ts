import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoints } from './endpoints-file.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const startTimeoutMs = 90_000;

let dataDir = '';
const left: LocalProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vibetribe local '));
  await chmod(dataDir, 0o711);
});

afterEach(async () => {
  for (const local of left.splice(0)) {
    local.child.kill('SIGKILL');
    await local.ended;
  }
});

afterAll(() => removePostgresData(dataDir));

describe('npm start, one after the other on the same data', { timeout: 2 * startTimeoutMs }, () => {
  let first: Endpoints;

  test('the first start shows its main job: a post reaches an account of every platform, and its timeline is printed', async () => {
    const local = start([]);
    first = await ready(local);
    await local.shows(/Published, each once/);
    expect(local.output()).toContain(first.apiKey);
    expect(local.output()).toMatch(new RegExp(` post +Created for ${platformIds.length} accounts`));
    expect(local.output().match(/Published: /g)).toHaveLength(platformIds.length);

    const visible = await getJson(`${first.sandbox}/_sandbox/posts`);
    expect(visible['commits']).toBe(platformIds.length);
    expect(await stopped(local)).toEqual({ code: 0, signal: null });
  });

  test('a clean stop takes endpoints.json with it and leaves no process', async () => {
    await expect(stat(join(dataDir, 'endpoints.json'))).rejects.toThrow('ENOENT');
    await expect(fetch(`${first.api}/api/v1/health`)).rejects.toThrow('fetch failed');
    expect(await databaseIsRunning()).toBe(false);
  });

  test('everything that was written is its owner’s alone; root’s database may be passed to, and nothing listed', async () => {
    const written = await readdir(dataDir, { withFileTypes: true, recursive: true });
    const cluster = join(dataDir, 'postgres', 'cluster');
    const own = written
      .filter((entry) => !entry.parentPath.startsWith(cluster) && !entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(own.length).toBeGreaterThan(15);
    const wide = [];
    for (const path of own) {
      const mode = (await stat(path)).mode & 0o077;
      if (mode !== (path === join(dataDir, 'postgres') && process.getuid?.() === 0 ? 0o011 : 0)) wide.push(path);
    }
    expect(wide).toEqual([]);
  });

  test('the next start finds login, accounts and the sandbox again, its key replaces the last one, and the sandbox takes its mail', async () => {
    const local = start(['--no-demo']);
    const second = await ready(local);
    expect(second).toMatchObject({ email: first.email, password: first.password });
    expect(second.apiKey).not.toBe(first.apiKey);
    expect((await stat(join(dataDir, 'endpoints.json'))).mode & 0o777).toBe(0o600);

    expect((await callApi(second.api, first.apiKey)).status).toBe(401);
    const accounts = await callApi(second.api, second.apiKey);
    expect(await accounts.json()).toMatchObject({ items: platformIds.map(() => ({})) });
    expect((await getJson(`${second.sandbox}/_sandbox/posts`))['items']).toHaveLength(platformIds.length);
    expect((await logIn(second)).status).toBe(200);
    await fetch(`${second.api}/api/v1/auth/password/forgot`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: second.email }),
    });
    const mail = async () => (await getJson(`${second.sandbox}/_sandbox/mail`))['items'];
    await waitFor(async () => JSON.stringify(await mail()).includes(`${second.api}/password/reset?token=`), {
      describe: 'a mail with a link',
    });
    expect(local.output()).not.toContain('Demo post');
    await stopped(local);
  });

  test('a second start on the same data says so in one sentence and leaves the first alone', async () => {
    const local = start(['--no-demo']);
    const endpoints = await ready(local);
    const other = start(['--no-demo']);
    expect(await other.ended).toEqual({ code: 1, signal: null });
    expect(other.output().trim()).toBe(
      `VibeTribe is running in ${dataDir} already: stop that one, or choose another DATA_DIR.`,
    );
    expect((await fetch(`${endpoints.api}/api/v1/health`)).status).toBe(200);
    expect(await readEndpoints()).toEqual(endpoints);
    await stopped(local);
  });

  test('a taken port is told in one sentence that names it and the way out; nothing is left running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    for (const variable of ['PORT', 'SANDBOX_PORT']) {
      const local = start(['--no-demo'], { [variable]: String(port) });
      expect(await local.ended).toEqual({ code: 1, signal: null });
      expect(local.output()).toContain(`Port ${port} is taken by another program: set ${variable} to another port`);
    }
    expect(await databaseIsRunning()).toBe(false);
    taken.close();
  });

  test('after kill -9 the next start takes over the database that was left', async () => {
    const local = start(['--no-demo']);
    await ready(local);
    local.child.kill('SIGKILL');
    await local.ended;
    expect(await databaseIsRunning()).toBe(true);

    const next = start(['--no-demo']);
    await ready(next);
    expect(await stopped(next)).toEqual({ code: 0, signal: null });
    expect(await databaseIsRunning()).toBe(false);
  });

  test('a demo that fails says why, and the system runs on', async () => {
    const local = start([], { SANDBOX_URL: 'http://127.0.0.1:9' });
    const endpoints = await ready(local);
    await local.shows(/The demo did not get to its end: .+\nVibeTribe runs on/);
    expect((await fetch(`${endpoints.api}/api/v1/health`)).status).toBe(200);
    expect(await stopped(local)).toEqual({ code: 0, signal: null });
  });

  test('Ctrl-C, which arrives more than once, is one orderly stop', async () => {
    const local = start(['--no-demo']);
    await ready(local);
    local.child.kill('SIGINT');
    local.child.kill('SIGTERM');
    expect(await local.ended).toEqual({ code: 0, signal: null });
    expect(await databaseIsRunning()).toBe(false);
  });

  test('a second signal, once it is plainly another one, ends a stop that hangs; the next start takes over', async () => {
    const local = start(['--no-demo']);
    await ready(local);
    const database = await databasePid();
    process.kill(database, 'SIGSTOP');
    local.child.kill('SIGTERM');
    const askedAtMs = performance.now();
    await waitFor(() => performance.now() - askedAtMs > 1_200, { describe: 'another signal counts as one of its own' });
    local.child.kill('SIGTERM');
    expect(await local.ended).toEqual({ code: 1, signal: null });
    process.kill(database, 'SIGCONT');

    const next = start(['--no-demo']);
    await ready(next);
    expect(await stopped(next)).toEqual({ code: 0, signal: null });
  });

  test('a signal during the start ends it without a trace', async () => {
    const local = start(['--no-demo']);
    await waitFor(databaseIsRunning, { describe: 'the database is started', timeoutMs: startTimeoutMs });
    local.child.kill('SIGTERM');
    expect(await local.ended).toEqual({ code: 0, signal: null });
    expect(await databaseIsRunning()).toBe(false);
  });

  test('the log has every app, and no key, password or database address', async () => {
    const log = await readFile(join(dataDir, 'logs', 'vibetribe.jsonl'), 'utf8');
    for (const app of ['local', 'api']) expect(log).toContain(`"app":"${app}"`);
    for (const secret of [first.apiKey, first.password, new URL(first.databaseUrl).password]) {
      expect(secret.length).toBeGreaterThan(10);
      expect(log).not.toContain(secret);
    }
  });
});

interface LocalProcess {
  child: ChildProcess;
  output(): string;
  shows(pattern: RegExp): Promise<void>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(args: string[], env: Record<string, string> = {}): LocalProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH, HOME, ...compileCache(), PORT: '0', SANDBOX_PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const local: LocalProcess = {
    child,
    output: () => output,
    ended,
    async shows(pattern) {
      await waitFor(() => pattern.test(output), {
        describe: () => `${pattern}; it printed: ${output}`,
        timeoutMs: startTimeoutMs,
      });
    },
  };
  left.push(local);
  return local;
}

async function ready(local: LocalProcess): Promise<Endpoints> {
  await local.shows(/VibeTribe is running\./);
  return readEndpoints();
}

async function stopped(local: LocalProcess): ReturnType<() => LocalProcess['ended']> {
  local.child.kill('SIGTERM');
  return local.ended;
}

async function readEndpoints(): Promise<Endpoints> {
  return JSON.parse(await readFile(join(dataDir, 'endpoints.json'), 'utf8'));
}

/** Whether the server that last had the data directory lives. */
async function databaseIsRunning(): Promise<boolean> {
  const pid = await databasePid();
  if (!Number.isInteger(pid)) return false;
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // A container without an init keeps dead processes as zombies.
  return state !== '' && !/\) Z /.test(state);
}

async function databasePid(): Promise<number> {
  const log = await readFile(join(dataDir, 'logs', 'vibetribe.jsonl'), 'utf8').catch(() => '');
  return Number([...log.matchAll(/PostgreSQL is ready on \S+ \(pid (\d+)\)/g)].at(-1)?.[1]);
}

function callApi(api: string, key: string): Promise<Response> {
  return fetch(`${api}/api/v1/accounts`, { headers: { authorization: `Bearer ${key}` } });
}

function logIn({ api, email, password }: Endpoints): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${api}/api/v1/auth/login`, { method: 'POST', headers, body: JSON.stringify({ email, password }) });
}

async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  return JSON.parse(await response.text());
}
