import { expect, test } from 'vitest';
import { chaosDefaults, commandOf, parseChaosOptions } from './chaos-options.ts';

test('without arguments it is the short profile with a drawn seed', () => {
  expect(parseChaosOptions([], () => 42)).toEqual({
    ...chaosDefaults,
    seed: 42,
    backend: 'postgres',
    platforms: 'stand-in',
    without: [],
  });
});

test('the printed command gives the same run again', () => {
  const options = parseChaosOptions(
    ['--seed', '7', '--posts', '20000', '--minutes', '0.5', '--backend', 'redis', '--without', 'late_fence'],
    () => 1,
  );
  const [, printed = ''] = commandOf(options).split(' -- ');
  expect(parseChaosOptions(printed.split(' '), () => 1)).toEqual(options);
});

test.each([
  ['--posts', '0'],
  ['--seed', 'x'],
  ['--backend', 'mysql'],
  ['--platforms', 'all'],
  ['--colour', 'red'],
])('%s %s is refused', (...args) => {
  expect(() => parseChaosOptions(args, () => 1)).toThrow(args[0]);
});
