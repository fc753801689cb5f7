import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRepositoryFile } from './repository.ts';

/** The first versions without the known holes, one for each major that got a fix; also where it comes in through another package. */
const floors: [string, ...string[]][] = [
  ['fastify', '5.8.5'],
  ['@fastify/multipart', '10.1.1'],
  ['@fastify/busboy', '3.2.1'],
  ['@fastify/static', '10.1.2'],
  ['ws', '8.21.0'],
  ['undici', '8.5.0', '7.28.0'],
  ['drizzle-orm', '0.45.2'],
  ['file-type', '21.3.2'],
];
const banned = ['adm-zip', '@fastify/middie', '@fastify/express', 'fast-jwt'];
const neededNow = ['fastify', '@fastify/multipart', '@fastify/busboy', 'ws', 'undici', 'drizzle-orm'];

const installed = installedVersions(readRepositoryFile('pnpm-lock.yaml'));

test.each(floors)('%s is nowhere older than %s', (name, ...fixed) => {
  expect((installed.get(name) ?? []).filter((version) => isBelowFloors(version, fixed))).toEqual([]);
});

test.each(neededNow)('%s is in the lockfile: a floor under nothing would protect nothing', (name) => {
  expect(installed.get(name) ?? []).not.toEqual([]);
});

test.each(banned)('%s is not installed, not even by another package', (name) => {
  expect(installed.has(name)).toBe(false);
});

test('an older version is recognised as one', () => {
  const lockfile = "packages:\n  ws@8.20.9:\n    {}\n  '@fastify/busboy@3.10.0':\n    {}\n";
  const versions = installedVersions(lockfile);
  expect(isBelowFloors(versions.get('ws')?.[0] ?? '', ['8.21.0'])).toBe(true);
  expect(isBelowFloors(versions.get('@fastify/busboy')?.[0] ?? '', ['3.2.1'])).toBe(false);
  expect(isBelowFloors('8.21.0-beta.1', ['8.21.0'])).toBe(true);
  expect(isBelowFloors('7.29.0', ['8.5.0', '7.28.0'])).toBe(false);
  expect(isBelowFloors('6.30.0', ['8.5.0', '7.28.0'])).toBe(true);
});

/** A major without a fix of its own has to be as new as the newest floor. */
function isBelowFloors(version: string, fixed: readonly string[]): boolean {
  const major = version.split('.', 1)[0];
  const floor = fixed.find((candidate) => candidate.split('.', 1)[0] === major) ?? fixed[0] ?? '';
  return isOlder(version, floor);
}

function installedVersions(lockfile: string): Map<string, string[]> {
  const packages: Record<string, unknown> = parse(lockfile).packages;
  const versions = new Map<string, string[]>();
  for (const key of Object.keys(packages)) {
    const at = key.lastIndexOf('@');
    const name = key.slice(0, at);
    versions.set(name, [...(versions.get(name) ?? []), key.slice(at + 1)]);
  }
  return versions;
}

/** A pre-release counts as older than its release. */
function isOlder(version: string, floor: string): boolean {
  const [numbers = '', preRelease] = version.split('-', 2);
  const order = numbers.localeCompare(floor, 'en', { numeric: true });
  return order < 0 || (order === 0 && preRelease !== undefined);
}
