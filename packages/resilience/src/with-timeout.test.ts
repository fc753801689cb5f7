import { expect, test } from 'vitest';
import { DeadlineExceededError } from './deadline.ts';
import { withTimeout } from './with-timeout.ts';

test('work that ends in time gives its value or its own error', async () => {
  const fault = new Error('its own');
  await expect(withTimeout(10_000, 'work', Promise.resolve(7))).resolves.toBe(7);
  await expect(withTimeout(10_000, 'work', Promise.reject(fault))).rejects.toBe(fault);
});

test('work that never ends is waited for no longer than the time given', async () => {
  const { promise } = Promise.withResolvers<never>();
  await expect(withTimeout(5, 'work', promise)).rejects.toBeInstanceOf(DeadlineExceededError);
});
