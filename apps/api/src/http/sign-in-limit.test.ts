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
      .logIn({ email: 'ada@example.com', address: `a${guess}` }, () => {
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
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}` }, wrong).catch(() => undefined);
  for (let count = 0; count < 30; count += 1)
    expect(await limit.logIn({ email: 'ADA@example.com', address: `b${count}` }, right)).toBe('in');
});

test('what is no wrong password is told as what it is', async () => {
  const limit = newLimit();
  for (let guess = 0; guess < 6; guess += 1)
    await limit.logIn({ email: 'ada@example.com', address: `a${guess}` }, wrong).catch(() => undefined);
  const noMember = () => Promise.reject(new DomainError('forbidden', 'The user belongs to no organization.'));
  await expect(limit.logIn({ email: 'ada@example.com', address: 'b' }, noMember)).rejects.toMatchObject({
    code: 'forbidden',
  });
});
