import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { sandboxPosts } from './client.ts';
import { compileOutside, hostNode, installPackedClient, readmeBlocks } from './packed-client.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test(
  'the README quick start, word for word, publishes three posts and tells why, and so does that in TypeScript',
  { timeout: 240_000 },
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-quick-start-'));
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      ...compileCache(),
      DATA_DIR: dataDir,
      PORT: '0',
      SANDBOX_PORT: '0',
    };
    const system = spawn('npm', ['start', '--silent', '--', '--no-demo'], {
      cwd: root,
      env,
      stdio: 'ignore',
      detached: true,
    });
    try {
      const { api, sandbox } = await waitFor(
        async () =>
          JSON.parse(await readFile(join(dataDir, 'endpoints.json'), 'utf8')) as { api: string; sandbox: string },
        {
          timeoutMs: 90_000,
          describe: 'npm start is healthy',
        },
      );
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', await readmeBlocks('bash')], {
        cwd: root,
        env: { ...env, API: `${new URL(api).origin}/api/v1`, SANDBOX: sandbox },
        timeout: 60_000,
      });
      expect(stdout).toContain('post-status-update published');
      expect(stdout).toContain('Scheduled for ');
      const { items, commits } = await sandboxPosts(sandbox);
      expect(items.map(({ platform, text }) => `${platform}: ${text}`).sort()).toEqual([
        'bluesky: Hello, Bluesky',
        'mastodon: Hello, Fediverse',
        'x: Hello from VibeTribe',
      ]);
      expect(commits).toBe(3);
      await fromTypeScript(api, sandbox);
    } finally {
      if (system.exitCode === null && system.pid !== undefined) {
        process.kill(-system.pid, 'SIGINT');
        await waitFor(() => system.exitCode !== null || system.signalCode !== null, {
          timeoutMs: 30_000,
          describe: 'npm start has ended',
        });
      }
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);

/** The README's program in a project of its own, outside the workspace: on the machine's Node, and on ours. */
async function fromTypeScript(api: string, sandbox: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outside-'));
  try {
    await installPackedClient(folder);
    const program = await compileOutside(folder, 'quick-start', await readmeBlocks('ts'));
    for (const node of [hostNode(), process.execPath]) {
      const before = (await sandboxPosts(sandbox)).commits;
      const { stdout } = await promisify(execFile)(node, [program, new URL(api).origin, sandbox], {
        cwd: folder,
        timeout: 60_000,
      });
      expect(stdout).toContain('published mastodon');
      expect((await sandboxPosts(sandbox)).commits).toBe(before + 1);
    }
    await expectBrowserBundle(folder, new URL(api).origin);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bundled for a browser it needs nothing that only Node has, and asks the API with what a page has. */
async function expectBrowserBundle(folder: string, origin: string): Promise<void> {
  const entry = join(folder, 'page.js');
  await writeFile(
    entry,
    `import { createClient } from '@vibetribe/client'; globalThis.health = createClient({ url: ${JSON.stringify(origin)} }).get('/health');`,
  );
  const bundle = await rolldown({ input: entry, platform: 'browser', cwd: folder });
  const { output } = await bundle.generate({ format: 'iife' });
  await bundle.close();
  expect(output.map((chunk) => [chunk.type, 'imports' in chunk ? chunk.imports : []])).toEqual([['chunk', []]]);
  const ofPages = {
    fetch,
    Request,
    Response,
    Headers,
    URL,
    URLSearchParams,
    FormData,
    crypto,
    setTimeout,
    clearTimeout,
  };
  const page = createContext({ ...ofPages });
  runInContext(output[0].code, page);
  expect(await (page as { health?: Promise<unknown> }).health).toEqual({ status: 'ok' });
}
