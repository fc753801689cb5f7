import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readSandboxConfig } from './config.ts';
import { startSandbox } from './start-sandbox.ts';
import { startTestSandbox } from './testing/test-sandbox.ts';

const Posts = z.object({ items: z.array(z.object({ text: z.string() })), commits: z.number() });

test('a restart has accounts, tokens, posts, keys, limits and the clock again, on the same origins', async () => {
  await using sandbox = await startTestSandbox();
  const x = await sandbox.account('x', 'ada');
  const mastodon = await sandbox.account('mastodon', 'ada');
  const bluesky = await sandbox.account('bluesky', 'ada');
  const tweet = () => sandbox.send('/x/2/tweets', { token: x.accessToken, json: { text: 'kept' } });
  const toot = () =>
    sandbox.mastodon('/api/v1/statuses', {
      token: mastodon.accessToken,
      json: { status: 'kept' },
      headers: { 'idempotency-key': 'k' },
    });
  const json = { client_name: 'Kept', redirect_uris: 'http://127.0.0.1:9/' };
  const client = z.object({ client_id: z.string() }).parse((await sandbox.mastodon('/api/v1/apps', { json })).body);
  await tweet();
  const status = z.object({ id: z.string() }).parse((await toot()).body);
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'mastodon', scale: 2 } });
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 7_000_000 } });
  const { hosts } = sandbox.running;

  await sandbox.restart();

  expect(sandbox.running.hosts).toEqual(hosts);
  const repeated = await tweet();
  expect(repeated.status).toBe(403);
  expect(repeated.headers.get('x-rate-limit-remaining')).toBe('99');
  const replayed = await toot();
  expect(replayed.headers.get('x-ratelimit-limit')).toBe('600');
  expect((await sandbox.bluesky('com.atproto.server.getSession', { token: bluesky.accessToken })).status).toBe(200);
  const query = `response_type=code&client_id=${client.client_id}&redirect_uri=http://127.0.0.1:9/`;
  expect((await sandbox.mastodon(`/oauth/authorize?${query}`)).status).toBe(200);
  const posts = Posts.parse((await sandbox.send('/_sandbox/posts')).body);
  expect(posts.items.map((post) => post.text).sort()).toEqual(['kept', 'kept', 'kept']);
  expect(z.object({ id: z.string() }).parse(replayed.body).id).not.toBe(status.id);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 200_000 } });
  expect((await sandbox.send('/x/2/users/me', { token: x.accessToken })).status).toBe(401);
});

test('an origin whose port was taken meanwhile moves, the others stay', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  const config = readSandboxConfig({ SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
  const first = await startSandbox(config);
  const { hosts } = first;
  await first[Symbol.asyncDispose]();
  const squatter = createServer().listen(Number(new URL(hosts['bluesky'] ?? '').port), '127.0.0.1');
  await once(squatter, 'listening');
  const second = await startSandbox(config);
  expect(second.hosts['bluesky']).not.toBe(hosts['bluesky']);
  expect(second.hosts['mastodon']).toBe(hosts['mastodon']);
  await second[Symbol.asyncDispose]();
  squatter.close();
  await rm(dataDir, { recursive: true });
});

test('a start that cannot listen fails and leaves the journal of the running one alone', async () => {
  await using sandbox = await startTestSandbox();
  const { accessToken } = await sandbox.account('x', 'ada');
  const journal = join(sandbox.dataDir, 'sandbox', 'journal.jsonl');
  await appendFile(journal, '[{"t":"half');
  const before = await readFile(journal, 'utf8');
  const env = { SANDBOX_PORT: String(sandbox.running.port), DATA_DIR: sandbox.dataDir, LOG_LEVEL: 'silent' };
  await expect(startSandbox(readSandboxConfig(env))).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(await readFile(journal, 'utf8')).toBe(before);
  expect((await sandbox.send('/x/2/users/me', { token: accessToken })).status).toBe(200);
});

test('the process prints ready, survives kill -9 without loss, and stops on SIGTERM with 0', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  const run = async () => {
    const env = { SANDBOX_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    const ready = z.object({ msg: z.literal('ready'), app: z.literal('sandbox'), pid: z.number(), port: z.number() });
    const { port, pid } = ready.parse(JSON.parse(String(line)));
    expect(pid).toBe(child.pid);
    const post = (path: string, body: object, token = '') =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    return { child, port, post, exit: once(child, 'exit') };
  };

  const first = await run();
  const { accessToken } = z
    .object({ accessToken: z.string() })
    .parse(await (await first.post('/_sandbox/accounts', { platform: 'x', handle: 'ada' })).json());
  const accepted: string[] = [];
  const flood = (async () => {
    for (let index = 0; index < 90; index += 1) {
      const text = `before the kill ${index}`;
      const response = await first.post('/x/2/tweets', { text }, accessToken);
      if (response.status === 201) accepted.push(text);
      if (index === 40) first.child.kill('SIGKILL');
    }
  })();
  await expect(flood).rejects.toBeInstanceOf(TypeError);
  await first.exit;

  const second = await run();
  const response = await fetch(`http://127.0.0.1:${second.port}/_sandbox/posts?limit=1000`);
  const posts = Posts.parse(await response.json());
  expect(accepted.length).toBeGreaterThan(30);
  expect(posts.items.map((post) => post.text)).toEqual(expect.arrayContaining(accepted));
  expect(posts.items.length).toBeLessThanOrEqual(accepted.length + 1);
  second.child.kill('SIGTERM');
  expect(await second.exit).toEqual([0, null]);
  await rm(dataDir, { recursive: true });
});
