import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spawnApp } from './spawn-app.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'spawn-app-'));
  await mkdir(join(root, 'apps', 'sample', 'src'), { recursive: true });
});

afterEach(() => rm(root, { recursive: true }));

const program = (source: string): Promise<void> => writeFile(join(root, 'apps', 'sample', 'src', 'main.ts'), source);

test('it waits for the ready line, keeps the output, and tells how the process ended', async () => {
  await program(`
    console.log('starting with ' + process.env.COLOUR + ', secret ' + process.env.SPAWN_APP_SECRET)
    console.log(JSON.stringify({ msg: 'ready', app: 'sample', pid: process.pid, port: 4242 }))
    setInterval(() => {}, 1000)`);
  process.env['SPAWN_APP_SECRET'] = 'canary';
  await using app = await spawnApp({ app: 'sample', env: { COLOUR: 'green' }, root });
  expect(app.port).toBe(4242);
  expect(app.output()).toContain('starting with green, secret undefined');
  app.kill('SIGTERM');
  expect(await app.stopped).toEqual({ code: null, signal: 'SIGTERM' });
});

test('a process that ends before it is ready is reported with its output', async () => {
  await program(`console.error('no database'); process.exitCode = 3`);
  await expect(spawnApp({ app: 'sample', env: {}, root })).rejects.toThrow(
    /ended with 3 before it was ready.*no database/s,
  );
});

test('a process that is never ready is ended at the bound', async () => {
  await program(`console.log('{"msg":"almost"}'); setInterval(() => {}, 1000)`);
  const starting = spawnApp({ app: 'sample', env: {}, root, readyTimeoutMs: 4_000 });
  await expect(starting).rejects.toThrow(/was not ready within 4000 ms.*almost/s);
});
