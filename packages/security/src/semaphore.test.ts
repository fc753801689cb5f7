import { expect, test } from 'vitest';
import { createSemaphore } from './semaphore.ts';

test('never lets more run than permitted, and serves everybody in order', async () => {
  const semaphore = createSemaphore(3);
  let running = 0;
  let mostRunning = 0;
  const started: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      semaphore.run(async () => {
        started.push(index);
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        await new Promise(setImmediate);
        running -= 1;
      }),
    ),
  );
  expect(mostRunning).toBe(3);
  expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test('failed work gives its place back', async () => {
  const semaphore = createSemaphore(1);
  await expect(semaphore.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await semaphore.run(async () => 'next')).toBe('next');
});
