import { expect, test } from 'vitest';
import { createFaultBook, type FaultProbe } from './fault-book.ts';
import type { FaultKind, FaultSpec } from './fault.ts';

const kinds: ReadonlySet<FaultKind> = new Set(['http-500', 'http-503', 'token-revoked', 'token-expired']);

const probe: FaultProbe = {
  platform: 'mastodon',
  site: 'mastodon2',
  method: 'POST',
  path: '/api/v1/statuses',
  caller: { account: '7', grant: 'g', use: 'access' },
  isAccount: (name, account) => name === account || (name === 'ada' && account === '7'),
};

function strikes(spec: FaultSpec, count: number, against: FaultProbe = probe): boolean[] {
  const book = createFaultBook();
  book.add(spec);
  return Array.from({ length: count }, () => book.strike(against, kinds) !== undefined);
}

test('skip spares the first matches and times ends it', () => {
  expect(strikes({ kind: 'http-500', skip: 2, times: 1 }, 5)).toEqual([false, false, true, false, false]);
});

test('the same seed gives the same strikes', () => {
  const spec: FaultSpec = { kind: 'http-500', probability: 0.5, seed: 42 };
  const first = strikes(spec, 200);
  expect(strikes(spec, 200)).toEqual(first);
  expect(first.filter(Boolean).length).toBeGreaterThan(70);
  expect(first.filter(Boolean).length).toBeLessThan(130);
  expect(strikes({ ...spec, seed: 43 }, 200)).not.toEqual(first);
});

test.each<[Partial<FaultSpec>, boolean]>([
  [{ platform: 'mastodon' }, true],
  [{ platform: 'mastodon2' }, true],
  [{ platform: 'x' }, false],
  [{ account: '7' }, true],
  [{ account: 'ada' }, true],
  [{ account: 'eve' }, false],
  [{ method: 'post' }, true],
  [{ method: 'GET' }, false],
  [{ pathIncludes: '/statuses' }, true],
  [{ pathIncludes: '/apps' }, false],
])('%j strikes: %s', (filter, struck) => {
  expect(strikes({ kind: 'http-500', ...filter }, 1)).toEqual([struck]);
});

test('an account filter spares requests whose sender is unknown', () => {
  expect(strikes({ kind: 'http-500', account: '7' }, 1, { ...probe, caller: undefined })).toEqual([false]);
});

test('the oldest fault wins, and the younger one is not used up meanwhile', () => {
  const book = createFaultBook();
  book.add({ kind: 'http-500', times: 1 });
  book.add({ kind: 'http-503', times: 1 });
  const struck = Array.from({ length: 3 }, () => book.strike(probe, kinds)?.kind);
  expect(struck).toEqual(['http-500', 'http-503', undefined]);
});

test('an expired token is not met where a refresh token is shown', () => {
  const refresh = { ...probe, caller: { account: '7', grant: 'g', use: 'refresh' as const } };
  expect(strikes({ kind: 'token-expired' }, 1, refresh)).toEqual([false]);
});

test('a grant that was called revoked stays revoked for every request until the fault is cleared', () => {
  const book = createFaultBook();
  const fault = book.add({ kind: 'token-revoked', times: 1, method: 'POST' });
  const refresh = { ...probe, method: 'GET', caller: { account: '7', grant: 'g', use: 'refresh' as const } };
  expect(book.strike(refresh, kinds)).toBeUndefined();
  expect(book.strike(probe, kinds)?.kind).toBe('token-revoked');
  expect(book.strike(refresh, kinds)?.kind).toBe('token-revoked');
  expect(book.strike({ ...probe, caller: { account: '7', grant: 'new', use: 'access' } }, kinds)).toBeUndefined();
  book.remove(fault.id);
  expect(book.strike(refresh, kinds)).toBeUndefined();
});
