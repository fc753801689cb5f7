import { expect, test } from 'vitest';
import { createSingleFlight } from './single-flight.ts';

test('calls for the same key share one run', async () => {
  const flights = createSingleFlight<string, number>();
  const gate = Promise.withResolvers<number>();
  let runs = 0;
  const load = () => {
    runs += 1;
    return gate.promise;
  };
  const answers = Promise.all([flights.run('a', load), flights.run('a', load), flights.run('a', load)]);
  gate.resolve(7);
  expect(await answers).toEqual([7, 7, 7]);
  expect(runs).toBe(1);
});

test('different keys run apart', async () => {
  const flights = createSingleFlight<string, string>();
  expect(await Promise.all(['a', 'b'].map((key) => flights.run(key, async () => key)))).toEqual(['a', 'b']);
});

test('an outcome is not remembered: the next call runs again, after a value and after an error', async () => {
  const flights = createSingleFlight<string, number>();
  let runs = 0;
  const load = async () => {
    runs += 1;
    if (runs === 1) throw new Error('first run fails');
    return runs;
  };
  await expect(flights.run('a', load)).rejects.toThrow('first run fails');
  expect(await flights.run('a', load)).toBe(2);
  expect(await flights.run('a', load)).toBe(3);
});

test('an error is shared by all who waited, also one thrown before the first await', async () => {
  const flights = createSingleFlight<string, number>();
  const load = () => {
    throw new Error('at once');
  };
  const outcomes = await Promise.allSettled([flights.run('a', load), flights.run('a', load)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
