import { expect, test } from 'vitest';
import { createTestProbes, FailpointReached } from './test-probes.ts';

const quiet = { failpoints: '', without: '', tellLose: () => Promise.resolve() };

test('nothing armed: every failpoint passes and every protection is there', async () => {
  const probes = createTestProbes(quiet);
  await probes.failpoint('send:body_pull');
  expect(probes.has('late_fence')).toBe(true);
});

test('an armed failpoint strikes once, and no other does', async () => {
  const probes = createTestProbes({ ...quiet, failpoints: 'send:body_pull=throw' });
  await probes.failpoint('send:before_request');
  await expect(probes.failpoint('send:body_pull')).rejects.toThrow(FailpointReached);
  await probes.failpoint('send:body_pull');
});

test('a lost answer is asked for before the failpoint passes', async () => {
  const asked: string[] = [];
  const probes = createTestProbes({
    ...quiet,
    failpoints: 'settle:before_commit=lose',
    tellLose(name) {
      asked.push(name);
      return Promise.resolve();
    },
  });
  await probes.failpoint('settle:before_commit');
  expect(asked).toEqual(['settle:before_commit']);
});

test('a removed protection is gone, the others stay', () => {
  const probes = createTestProbes({ ...quiet, without: 'late_fence,sweeper' });
  expect([probes.has('late_fence'), probes.has('sweeper'), probes.has('stable_key')]).toEqual([false, false, true]);
});

test.each([{ failpoints: 'send:body_pul=kill' }, { failpoints: 'send:body_pull=explode' }, { without: 'late_fense' }])(
  'a typing error does not pass as a test: %j',
  (wrong) => {
    expect(() => createTestProbes({ ...quiet, ...wrong })).toThrow(RangeError);
  },
);
