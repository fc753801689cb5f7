import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-lock-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
});

test('a second start on the same directory is refused in one sentence, until the first lets go', () => {
  {
    using _held = lockDataDir(dataDir);
    expect(() => lockDataDir(dataDir)).toThrow(`VibeTribe is running in ${dataDir} already`);
  }
  using _free = lockDataDir(dataDir);
});

test('kill -9 of the holder leaves no lock', async () => {
  const module = fileURLToPath(new URL('./data-dir-lock.ts', import.meta.url));
  const hold = `const { lockDataDir } = await import(${JSON.stringify(module)});
    globalThis.held = lockDataDir(${JSON.stringify(dataDir)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', hold], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(() => lockDataDir(dataDir)).toThrow(/already/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  using _free = lockDataDir(dataDir);
});
