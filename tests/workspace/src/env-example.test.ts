import { parseApiConfig } from '@vibetribe/api/config';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { cronTasks } from '@vibetribe/core/tasks/cron-tasks';
import { parseCronConfig } from '@vibetribe/cron/config';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { execFileSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryRoot } from './repository.ts';

const lines = readRepositoryFile('.env.example').split('\n');
const settings = lines.flatMap((line, index) => {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [{ name, value, above: lines[index - 1] ?? '' }];
});
const example = parseEnv(readRepositoryFile('.env.example'));

const required = {
  DATABASE_URL: 'postgres://127.0.0.1/vibetribe',
  AUTH_SECRET: 'a'.repeat(32),
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
};

test('every line is a comment, a setting or empty, and no setting stands twice', () => {
  expect(lines.filter((line) => line !== '' && !line.startsWith('#') && !/^[A-Z][A-Z0-9_]*=/.test(line))).toEqual([]);
  expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
});

test.each(settings)('$name has a comment of its own', ({ above }) => {
  expect(above).toMatch(/^# [A-Za-z0]/);
});

test('the values are the defaults of the apps', () => {
  expect(parseApiConfig({ ...example, ...required })).toEqual(parseApiConfig(required));
  expect(parsePublisherConfig({ ...example, ...required })).toEqual(parsePublisherConfig(required));
});

test('a shell that sources it has the same settings', () => {
  const script = 'set -euo pipefail; set -a; . ./.env.example; exec env -0';
  const sourced = execFileSync('/bin/bash', ['-c', script], { cwd: repositoryRoot, env: {}, encoding: 'utf8' });
  const inShell = Object.fromEntries(sourced.split('\0').map((entry) => entry.split(/=(.*)/s, 2)));
  for (const [name, value] of Object.entries(example)) expect(inShell[name], name).toBe(value);
});

test("cron's schedules and days are its defaults", () => {
  for (const { setting, schedule } of cronTasks) expect(example[setting], setting).toBe(schedule);
  expect(parseCronConfig({ ...example, ...required })).toEqual(parseCronConfig(required));
});

test('no secret has a value', () => {
  const secrets = settings.filter(({ name }) => /SECRET|PASSWORD|KEYS?$/.test(name));
  expect(secrets.length).toBeGreaterThan(4);
  expect(secrets.filter(({ value }) => value !== '')).toEqual([]);
});

test.each(platformIds)("%s's settings are read under the names that the patterns tell", (platform) => {
  const patterns = lines.flatMap((line) => /\w*<PLATFORM>\w*/.exec(line) ?? []);
  const names = patterns.map((pattern) => pattern.replace('<PLATFORM>', platform.replaceAll('-', '_').toUpperCase()));
  const read = parsePublisherConfig({ ...required, ...Object.fromEntries(names.map((name) => [name, '7'])) });
  const rateLimit = names.filter((name) => name.startsWith('RATE_LIMIT_'));
  expect(rateLimit).toHaveLength(2);
  expect(read.postsPerHour).toEqual({ [platform]: 7 });
  expect(read.appPostsPerDay).toEqual({ [platform]: 7 });
  expect(Object.keys(read.platformEnv)).toEqual(names.filter((name) => !rateLimit.includes(name)));
});

test('every setting that an app reads stands in it', () => {
  const sources = [
    'apps/api/src/config.ts',
    'apps/publisher/src/config.ts',
    'apps/cron/src/config.ts',
    'packages/core/src/core-config.ts',
    'packages/core/src/media/media-settings.ts',
    'apps/local/src/config.ts',
  ];
  const read = sources.flatMap((path) =>
    [...readRepositoryFile(path).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name),
  );
  expect(read.length).toBeGreaterThan(45);
  expect(read.filter((name) => name !== undefined && !(name in example))).toEqual([]);
});
