import { expect, test } from 'vitest';
import { newId } from './new-id.ts';

test('ids say what they name, differ, and sort by the millisecond they were made in', async () => {
  const before = newId('post');
  const start = Date.now();
  while (Date.now() <= start + 1);
  const ids = Array.from({ length: 10_000 }, () => newId('post'));
  expect(new Set(ids).size).toBe(10_000);
  for (const id of ids) {
    expect(id).toMatch(/^pst_[0-9a-z]{26}$/);
    expect(id > before).toBe(true);
  }
});
