import { expect, test } from 'vitest';
import { createHeldUpWatch } from './held-up-watch.ts';

test('while events wait, looks become ever more seldom, down to one a second; a long wait is told, and told again', () => {
  let nowMs = 0;
  const watch = createHeldUpWatch({ monotonicMs: () => nowMs }, 1_000);
  const looksAtMs: number[] = [];
  const toldAtMs: number[] = [];
  while (nowMs < 60_000) {
    const { lookInMs, isWorthTelling } = watch.heldUp();
    looksAtMs.push(nowMs);
    if (isWorthTelling) toldAtMs.push(nowMs);
    nowMs += lookInMs;
  }
  expect(looksAtMs.slice(0, 5)).toEqual([0, 10, 30, 70, 150]);
  expect(looksAtMs.length).toBeLessThan(70);
  expect(toldAtMs).toHaveLength(2);
  expect(watch.heldUpForMs()).toBe(nowMs);
});

test('news begin it anew', () => {
  let nowMs = 0;
  const watch = createHeldUpWatch({ monotonicMs: () => nowMs }, 1_000);
  for (let look = 0; look < 5; look += 1) nowMs += watch.heldUp().lookInMs;
  watch.cleared();
  expect(watch.heldUpForMs()).toBe(0);
  expect(watch.heldUp()).toEqual({ lookInMs: 10, isWorthTelling: false });
});
