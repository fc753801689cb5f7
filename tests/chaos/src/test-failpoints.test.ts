import { expect, test } from 'vitest';
import { createTestFailpoints, FailpointReachedError } from './test-failpoints.ts';

const quiet = { failpoints: '', without: '', tellLose: () => Promise.resolve() };

test('nothing set: every failpoint passes and every protection is there', async () => {
  const failpoints = createTestFailpoints(quiet);
  await failpoints.reach('send:body_pull');
  expect(failpoints.has('late_fence')).toBe(true);
});

test('a set failpoint strikes once, and no other does', async () => {
  const failpoints = createTestFailpoints({ ...quiet, failpoints: 'send:body_pull=throw' });
  await failpoints.reach('send:before_request');
  await expect(failpoints.reach('send:body_pull')).rejects.toThrow(FailpointReachedError);
  await failpoints.reach('send:body_pull');
});

test('a lost answer is asked for before the failpoint passes', async () => {
  const asked: string[] = [];
  const failpoints = createTestFailpoints({
    ...quiet,
    failpoints: 'record:before_commit=lose',
    tellLose(name) {
      asked.push(name);
      return Promise.resolve();
    },
  });
  await failpoints.reach('record:before_commit');
  expect(asked).toEqual(['record:before_commit']);
});

test('a removed protection is gone, the others stay', () => {
  const failpoints = createTestFailpoints({ ...quiet, without: 'late_fence,sweeper' });
  expect([failpoints.has('late_fence'), failpoints.has('sweeper'), failpoints.has('stable_key')]).toEqual([
    false,
    false,
    true,
  ]);
});

test.each([{ failpoints: 'send:body_pul=kill' }, { failpoints: 'send:body_pull=explode' }, { without: 'late_fense' }])(
  'a typing error does not pass as a test: %j',
  (wrong) => {
    expect(() => createTestFailpoints({ ...quiet, ...wrong })).toThrow(RangeError);
  },
);
