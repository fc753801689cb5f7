import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, test } from 'vitest';
import { sandboxPosts } from './client.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('the README quick start, word for word, publishes three posts and tells why', { timeout: 180_000 }, async () => {
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
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', await quickStart()], {
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
});

/** The README's `bash` blocks, in their order. */
async function quickStart(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
}
