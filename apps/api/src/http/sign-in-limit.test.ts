import { DomainError } from '@vibetribe/core/domain-error';
import { expect, test } from 'vitest';
import { createSignInLimit } from './sign-in-limit.ts';

/** Points for each key, which never come back by themselves. */
function limiterOf(points: number) {
  const taken = new Map<string, number>();
  return {
    consume: async (key: string, cost = 1) => {
      const now = (taken.get(key) ?? 0) + cost;
      taken.set(key, now);
      return { allowed: now <= points, remaining: Math.max(0, points - now), resetInMs: 1_000 };
    },
    forget: async (key: string) => void taken.delete(key),
  };
}

function newLimit() {
  return createSignInLimit({
    byEmail: limiterOf(3),
    byAddress: limiterOf(60),
    byAccount: limiterOf(5),
    crowded: limiterOf(20),
    slowGuesses: limiterOf(1),
    registrations: limiterOf(10),
    known: limiterOf(1),
  });
}

const wrong = () => Promise.reject(new DomainError('invalid_credentials', 'The email or password is wrong.'));
const right = () => Promise.resolve('in');

test('of guesses at one account from ever new addresses so many are tried, and then one by one', async () => {
  const limit = newLimit();
  let tried = 0;
  const outcomes: string[] = [];
  for (let guess = 0; guess < 100; guess += 1)
    await limit
      .logIn({ email: 'ada@example.com', address: `a${guess}`, device: null }, () => {
        tried += 1;
        return wrong();
      })
      .catch((error: DomainError) => outcomes.push(error.code));
  expect(tried).toBe(5 + 20 + 1);
  expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('invalid_credentials'));
  expect(new Set(outcomes.slice(5))).toEqual(new Set(['rate_limited']));
});

test('while somebody guesses, a right password from a new address is taken, as often as it is given', async () => {
  const limit = newLimit();
  for (let guess = 0; guess < 15; guess += 1)
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}`, device: null }, wrong).catch(() => undefined);
  for (let count = 0; count < 30; count += 1)
    expect(await limit.logIn({ email: 'ADA@example.com', address: `b${count}`, device: null }, right)).toBe('in');
});

test('what is no wrong password is told as what it is', async () => {
  const limit = newLimit();
  for (let guess = 0; guess < 6; guess += 1)
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}`, device: null }, wrong).catch(() => undefined);
  const noMember = () => Promise.reject(new DomainError('forbidden', 'The user belongs to no organization.'));
  await expect(limit.logIn({ email: 'ada@example.com', address: 'b', device: null }, noMember)).rejects.toMatchObject({
    code: 'forbidden',
  });
});

test('a device that the user has signed in on before is not slowed by guesses from elsewhere, and guesses on it end', async () => {
  const limit = newLimit();
  for (let guess = 0; guess < 100; guess += 1)
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}`, device: null }, wrong).catch(() => undefined);
  const at = (device: string | null) => ({ email: 'Ada@example.com', address: 'b', device });
  await expect(limit.logIn(at(null), right)).rejects.toMatchObject({ code: 'rate_limited' });
  expect(await limit.logIn(at('phone'), right)).toBe('in');
  const codes: string[] = [];
  for (let guess = 0; guess < 5; guess += 1)
    await limit.logIn(at('stolen'), wrong).catch((error: DomainError) => codes.push(error.code));
  expect(codes).toEqual([...Array(3).fill('invalid_credentials'), 'rate_limited', 'rate_limited']);
  expect(await limit.logIn(at('phone'), right)).toBe('in');
});

test('who was proved by a mailed link gets in from there', async () => {
  const limit = newLimit();
  for (let guess = 0; guess < 100; guess += 1)
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}`, device: null }, wrong).catch(() => undefined);
  const from = { email: 'ada@example.com', address: 'b', device: null };
  await expect(limit.logIn(from, right)).rejects.toMatchObject({ code: 'rate_limited' });
  await limit.know(from);
  expect(await limit.logIn(from, right)).toBe('in');
});

test('who has forgotten a password and sets another one by mail gets in at once, whatever failed there before', async () => {
  const limit = newLimit();
  const from = { email: 'ada@example.com', address: 'b', device: null };
  for (let guess = 0; guess < 5; guess += 1) await limit.logIn(from, wrong).catch(() => undefined);
  await expect(limit.logIn(from, right)).rejects.toMatchObject({ code: 'rate_limited' });
  await limit.know(from);
  expect(await limit.logIn(from, right)).toBe('in');
});
