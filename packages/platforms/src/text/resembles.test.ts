import { expect, test } from 'vitest';
import { resembles } from './resembles.ts';

test('a text resembles what a server makes of it, and no other text', () => {
  const text = '"Read this" - https://example.com/a-long-path *now*';
  expect(resembles(text, '“Read this” – sho.rt/1 now')).toBe(true);
  expect(resembles(text, 'Something else was eaten')).toBe(false);
  expect(resembles('日本語の文章です', '日本語の文章です。')).toBe(true);
  expect(resembles('🎉', 'https://t.co/x')).toBe(true);
  expect(resembles('🎉', 'a text')).toBe(false);
});

test('the time grows with the text, not with its square', () => {
  const timeOf = (length: number) => {
    const text = `${'https://a.bc/)'.repeat(length / 20)}${'('.repeat(length / 20)}${'ab '.repeat(length / 15)}`;
    const startedMs = performance.now();
    for (let round = 0; round < 20; round += 1) resembles(text, `${text}!`);
    return performance.now() - startedMs;
  };
  timeOf(10_000);
  expect(timeOf(100_000) / Math.max(1, timeOf(10_000))).toBeLessThan(20);
});
