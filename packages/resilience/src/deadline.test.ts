import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { DeadlineExceededError, startDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('aborts when the budget is used up, and says what took too long', async () => {
  using deadline = startDeadline({ what: 'publishing', timeoutMs: 500, clock: systemClock() });
  await vi.advanceTimersByTimeAsync(499);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(deadline.signal.reason).toBeInstanceOf(DeadlineExceededError);
  expect(deadline.signal.reason).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    timeoutMs: 500,
    message: 'publishing took longer than 500 ms',
  });
});

test('aborts with the reason of its parent if that comes first', () => {
  const parent = new AbortController();
  using deadline = startDeadline({ what: 'publishing', timeoutMs: 500, clock: systemClock(), parent: parent.signal });
  parent.abort('closing');
  expect(deadline.signal.reason).toBe('closing');
});

test('counts down by the monotonic clock and stops at zero, even if the abort has not run yet', () => {
  let nowMs = 1000;
  using deadline = startDeadline({ what: 'publishing', timeoutMs: 500, clock: { monotonicMs: () => nowMs } });
  expect(deadline.remainingMs()).toBe(500);
  nowMs = 1200;
  expect(deadline.remainingMs()).toBe(300);
  nowMs = 9000;
  expect(deadline.remainingMs()).toBe(0);
  expect(deadline.signal.aborted).toBe(false);
});

test('a disposed deadline leaves no timer and never aborts', async () => {
  const deadline = startDeadline({ what: 'publishing', timeoutMs: 500, clock: systemClock() });
  deadline[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(deadline.signal.aborted).toBe(false);
});
