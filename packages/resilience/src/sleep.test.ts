import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { sleep } from './sleep.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('waits as long as asked', async () => {
  vi.useFakeTimers();
  let awake = false;
  const nap = sleep(1000).then(() => {
    awake = true;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(awake).toBe(true);
  await nap;
});

test('a wait longer than a timer can hold does not end at once', async () => {
  vi.useFakeTimers();
  const fortyDaysMs = 40 * 86_400_000;
  let awake = false;
  const nap = sleep(fortyDaysMs).then(() => {
    awake = true;
  });
  await vi.advanceTimersByTimeAsync(fortyDaysMs - 1);
  expect(awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await nap;
});

test('ends with the reason when aborted, before or during the wait, and leaves no timer', async () => {
  vi.useFakeTimers();
  const reason = new Error('closing');
  await expect(sleep(1000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const nap = sleep(1000, controller.signal);
  controller.abort(reason);
  await expect(nap).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

test('leaves no listener on a signal that outlives it', async () => {
  const { signal } = new AbortController();
  for (let nap = 0; nap < 20; nap += 1) await sleep(0, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
