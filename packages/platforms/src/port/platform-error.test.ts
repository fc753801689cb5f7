import { expect, test } from 'vitest';
import { PlatformError } from './platform-error.ts';

const dayMs = 86_400_000;

test.each([
  [undefined, null],
  [null, null],
  [0, 1_000],
  [650, 1_000],
  [5_000, 5_000],
  [dayMs, dayMs],
  [dayMs + 1, dayMs],
  [3 * dayMs, dayMs],
])('a platform that says to wait %s ms is asked again after %s', (saidMs, retryAfterMs) => {
  const details = { platformCode: '429', ...(saidMs === undefined ? {} : { retryAfterMs: saidMs }) };
  expect(new PlatformError('rate_limit', 'Too many.', details).retryAfterMs).toBe(retryAfterMs);
});
