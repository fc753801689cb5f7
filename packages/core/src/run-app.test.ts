import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

function run(name: string) {
  return spawn(process.execPath, [fixture(name)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('a fault that nobody caught ends the process with its log written out and nothing of what hung on the error', async () => {
  const child = run('failing-app.ts');
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ msg }) => msg === 'line')).toHaveLength(2_000);
  expect(lines.at(-1)).toMatchObject({ level: 'fatal', err: { message: 'boom' } });
  expect(code).toBe(1);
  expect(output + errors).not.toContain('canary-row');
});

test('a log that nobody reads does not keep it from ending', async () => {
  const child = run('failing-app.ts');
  // Far more than a pipe holds, and never read.
  const startedAtMs = performance.now();
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  child.stdout.destroy();
});
