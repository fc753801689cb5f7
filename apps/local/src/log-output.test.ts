import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openLogOutput } from './log-output.ts';
import { readableLogLine } from './readable-log-line.ts';

const info = '{"level":"info","time":"2026-11-22T09:03:42.346Z","app":"api","msg":"request"}\n';
const warning =
  '{"level":"warn","time":"2026-11-22T09:03:42.346Z","app":"publisher","msg":"slow","err":{"message":"no answer"}}\n';

let path = '';

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vibetribe-log-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, 'logs', 'vibetribe.jsonl');
});

test('every line is kept as JSON; the terminal shows warnings only', async () => {
  const shown: string[] = [];
  await using output = await openLogOutput({ path, print: (line) => shown.push(line) });
  output.write(info);
  output.write(warning);
  await output.flush(1_000);
  expect(await readFile(path, 'utf8')).toBe(info + warning);
  expect(shown).toEqual(['09:03:42 warn publisher: slow (no answer)']);
});

test('only the owner can read the log', async () => {
  await using output = await openLogOutput({ path, print: () => undefined });
  output.write(info);
  await output.flush(1_000);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('the log takes two files of bounded size, however long the system runs', async () => {
  await using output = await openLogOutput({ path, print: () => undefined, bytesMax: 1_000 });
  for (let count = 0; count < 200; count++) output.write(info);
  await output.flush(1_000);
  expect((await stat(path)).size).toBeLessThan(2_000);
  expect((await stat(`${path}.1`)).size).toBeLessThan(2_000);
});

test('a line that is no JSON is shown as it is', () => {
  expect(readableLogLine('plain words\n')).toBe('plain words');
});
