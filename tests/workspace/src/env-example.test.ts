import { parseApiConfig } from '@vibetribe/api/config';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { parsePublisherConfig } from '@vibetribe/publisher/config';
import { expect, test } from 'vitest';
import { readRepositoryFile } from './repository.ts';

const lines = readRepositoryFile('.env.example').split('\n');
const settings = lines.flatMap((line, index) => {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [{ name, value, above: lines[index - 1] ?? '' }];
});
const example = Object.fromEntries(settings.map(({ name, value }) => [name, value]));

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
  const { PORT: _port, ...rest } = example;
  expect(parseApiConfig({ ...example, ...required })).toEqual(parseApiConfig(required));
  expect(parsePublisherConfig({ ...rest, ...required })).toEqual(parsePublisherConfig(required));
});

test("cron's schedules and days are its defaults", () => {
  const source = readRepositoryFile('apps/cron/src/config.ts');
  const defaults = [...source.matchAll(/^ {2}((?:CRON|RETENTION)_[A-Z_]+): \w+\.default\('?([^')]+)'?\),$/gm)];
  expect(defaults.length).toBeGreaterThan(9);
  for (const [, name = '', value] of defaults) expect(example[name], name).toBe(value);
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
