import { expect, test } from 'vitest';
import { livingUpload, stepName } from './media-steps.ts';

const now = new Date('2026-11-22T10:00:00Z');
const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();

test('an upload that has expired, or is about to, is begun anew', async () => {
  const ends = [-60, 5, 600];
  const asked: number[] = [];
  const upload = await livingUpload(now, (generation) => {
    asked.push(generation);
    return Promise.resolve({ expiresAt: inMinutes(ends[generation] ?? 0) });
  });
  expect(upload).toEqual({ expiresAt: inMinutes(600) });
  expect(asked).toEqual([0, 1, 2]);
});

test('nothing is sent to an upload that has expired', async () => {
  const sent: number[] = [];
  await livingUpload(now, (generation, living) => {
    const begun = living({ expiresAt: inMinutes(generation * 60) });
    sent.push(generation);
    return Promise.resolve(begun);
  });
  expect(sent).toEqual([1]);
});

test('uploads that never live long enough end in a retry', async () => {
  const dead = livingUpload(now, () => Promise.resolve({ expiresAt: inMinutes(-1) }));
  await expect(dead).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a step is another one for other bytes, another place, another generation', () => {
  const step = { index: 0, item: { sha256: 'a'.repeat(64) }, generation: 0, part: 'upload' };
  const names = [
    step,
    { ...step, index: 1 },
    { ...step, item: { sha256: 'b'.repeat(64) } },
    { ...step, generation: 1 },
  ];
  expect(new Set(names.map(stepName)).size).toBe(4);
});
