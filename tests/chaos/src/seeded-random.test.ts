import { expect, test } from 'vitest';
import { createSeededRandom } from './seeded-random.ts';

const draws = (seed: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: 50 }, () => random.between(1, 1_000));
};

test('the same seed gives the same draws, another one gives others', () => {
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
});

test('a fork does not depend on what its parent has drawn', () => {
  const [fresh, used] = [createSeededRandom(7), createSeededRandom(7)];
  used.unit();
  expect(used.fork('faults').unit()).toBe(fresh.fork('faults').unit());
  expect(fresh.fork('faults').unit()).not.toBe(fresh.fork('clients').unit());
});

test('draws stay within their bounds and reach both ends', () => {
  const random = createSeededRandom(7);
  const drawn = Array.from({ length: 1_000 }, () => random.between(3, 5));
  expect(new Set(drawn)).toEqual(new Set([3, 4, 5]));
});

test('weights decide how often an item is picked', () => {
  const random = createSeededRandom(7);
  const items = [
    { name: 'often', weight: 9 },
    { name: 'seldom', weight: 1 },
  ];
  const picked = Array.from({ length: 1_000 }, () => random.pickWeighted(items).name);
  const often = picked.filter((name) => name === 'often').length;
  expect(often).toBeGreaterThan(850);
  expect(often).toBeLessThan(950);
});

test('a sample has no item twice', () => {
  const random = createSeededRandom(7);
  expect(random.sample([1, 2, 3, 4, 5], 3)).toHaveLength(3);
  expect(new Set(random.sample([1, 2, 3, 4, 5], 9)).size).toBe(5);
});
