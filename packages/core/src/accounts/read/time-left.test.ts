import { expect, test } from 'vitest';
import { timeLeftText } from './time-left.ts';

test.each([
  [-1, 'expired'],
  [0, 'expired'],
  [59_999, 'less than 1 min'],
  [60_000, '1 min'],
  [12 * 60_000 + 59_999, '12 min'],
  [3_600_000, '1 h'],
  [2 * 3_600_000 - 1, '1 h 59 min'],
  [7 * 86_400_000 - 1, '6 d 23 h'],
  [60 * 86_400_000, '60 d'],
])('%d ms are "%s"', (leftMs, text) => {
  expect(timeLeftText(leftMs)).toBe(text);
});
