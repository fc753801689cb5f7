import { expect, test, vi } from 'vitest';
import { startLoop } from './loop.ts';
import { sleep } from './sleep.ts';

const never = 2 ** 30;
const noErrorExpected = (error: unknown) => {
  throw error;
};

test('runs a turn at once, and again after the interval', async () => {
  let turns = 0;
  await using _loop = startLoop({
    name: 'test',
    intervalMs: 1,
    runOnce: async () => void (turns += 1),
    onError: noErrorExpected,
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThanOrEqual(3));
});

test('turns never overlap, however often it is woken', async () => {
  let running = 0;
  let mostRunning = 0;
  let turns = 0;
  await using loop = startLoop({
    name: 'test',
    intervalMs: 0,
    onError: noErrorExpected,
    async runOnce() {
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await new Promise(setImmediate);
      running -= 1;
      turns += 1;
    },
  });
  await vi.waitFor(
    () => {
      loop.wake();
      loop.wake();
      expect(turns).toBeGreaterThan(20);
    },
    { interval: 1 },
  );
  expect(mostRunning).toBe(1);
});

test('the first turn may wake the loop', async () => {
  let turns = 0;
  await using loop = startLoop({
    name: 'test',
    intervalMs: never,
    onError: noErrorExpected,
    async runOnce() {
      turns += 1;
      if (turns < 3) loop.wake();
    },
  });
  await vi.waitFor(() => expect(turns).toBe(3));
});

test('a wake between turns runs one at once', async () => {
  let turns = 0;
  await using loop = startLoop({
    name: 'test',
    intervalMs: never,
    runOnce: async () => void (turns += 1),
    onError: noErrorExpected,
  });
  await vi.waitFor(() => expect(turns).toBe(1));
  loop.wake();
  await vi.waitFor(() => expect(turns).toBe(2));
});

test('wakes during a turn are not lost, and together make one more turn', async () => {
  const gate = Promise.withResolvers<void>();
  let turns = 0;
  await using loop = startLoop({
    name: 'test',
    intervalMs: never,
    onError: noErrorExpected,
    async runOnce() {
      turns += 1;
      if (turns === 1) await gate.promise;
    },
  });
  await vi.waitFor(() => expect(turns).toBe(1));
  loop.wake();
  loop.wake();
  loop.wake();
  gate.resolve();
  await vi.waitFor(() => expect(turns).toBe(2));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(turns).toBe(2);
});

test('a failed turn is told and does not end the loop', async () => {
  const errors: unknown[] = [];
  let turns = 0;
  await using _loop = startLoop({
    name: 'sweep',
    intervalMs: 1,
    onError: (error, name) => void errors.push([name, error]),
    async runOnce() {
      turns += 1;
      if (turns === 1) throw new Error('first turn fails');
    },
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThanOrEqual(3));
  expect(errors).toEqual([['sweep', new Error('first turn fails')]]);
});

test('disposal waits for the current turn, and no other starts', async () => {
  const gate = Promise.withResolvers<void>();
  let turns = 0;
  let disposed = false;
  const loop = startLoop({
    name: 'test',
    intervalMs: 0,
    onError: noErrorExpected,
    async runOnce() {
      turns += 1;
      await gate.promise;
    },
  });
  await vi.waitFor(() => expect(turns).toBe(1));
  loop.wake();
  const disposal = loop[Symbol.asyncDispose]().then(() => {
    disposed = true;
  });
  await new Promise(setImmediate);
  expect(disposed).toBe(false);
  gate.resolve();
  await disposal;
  expect(turns).toBe(1);
});

test('a turn that stops because it was told to is not a failure', async () => {
  const errors: unknown[] = [];
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    intervalMs: 0,
    onError: (error) => void errors.push(error),
    runOnce(signal) {
      turns += 1;
      return sleep(never, signal);
    },
  });
  await vi.waitFor(() => expect(turns).toBe(1));
  await loop[Symbol.asyncDispose]();
  expect(errors).toEqual([]);
});

test('an aborted signal ends the wait and the loop', async () => {
  const controller = new AbortController();
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    intervalMs: never,
    onError: noErrorExpected,
    runOnce: async () => void (turns += 1),
    signal: controller.signal,
  });
  await vi.waitFor(() => expect(turns).toBe(1));
  controller.abort();
  loop.wake();
  await loop[Symbol.asyncDispose]();
  expect(turns).toBe(1);
});
