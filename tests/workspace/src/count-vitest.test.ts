import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { repositoryRoot } from './repository.ts';

const { countVitest, countWithSecondRun, failedTests } = await import(
  pathToFileURL(`${repositoryRoot}/scripts/count-vitest.mjs`).href
);

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});
const report = (numbers: Partial<Record<'passed' | 'failed' | 'pending', number>>, ...testResults: object[]) => ({
  success: (numbers.failed ?? 0) === 0,
  numPassedTests: numbers.passed ?? 0,
  numFailedTests: numbers.failed ?? 0,
  numPendingTests: numbers.pending ?? 0,
  numTodoTests: 0,
  testResults,
});

test('passed, failed and skipped tests are counted', () => {
  const counted = countVitest(report({ passed: 3, failed: 1, pending: 2 }, file('failed', 'passed', 'failed')), 1);
  expect(counted).toEqual({ passed: 3, failed: 1, skipped: 2 });
});

test('a file that could not be loaded is a failure, though no test of it failed', () => {
  expect(countVitest(report({ passed: 3 }, file('passed', 'passed'), file('failed')), 1)).toMatchObject({ failed: 1 });
});

test('an error outside every test is a failure', () => {
  expect(countVitest(report({ passed: 3 }, file('passed', 'passed')), 1)).toMatchObject({ failed: 1 });
});

test('a run without a report is a failure', () => {
  expect(countVitest(null, 0)).toEqual({ failed: 1 });
});

test('a green run is green', () => {
  expect(countVitest(report({ passed: 3 }, file('passed', 'passed')), 0)).toEqual({ passed: 3, failed: 0, skipped: 0 });
});

test('where a file that failed is run again, the second run decides about it, and about no other', () => {
  const steady = { name: 'a', ...file('passed', 'passed', 'passed', 'pending') };
  const first = report({ passed: 3, failed: 1 }, steady, { name: 'b', ...file('failed', 'passed', 'failed') });
  const better = report({ passed: 2 }, { name: 'b', ...file('passed', 'passed', 'passed') });
  expect(countWithSecondRun(first, better, 0)).toEqual({ passed: 4, failed: 0, skipped: 1 });
  const same = report({ passed: 1, failed: 1 }, { name: 'b', ...file('failed', 'passed', 'failed') });
  expect(countWithSecondRun(first, same, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 });
  expect(countWithSecondRun(first, null, 1)).toMatchObject({ passed: 2, failed: 1 });
});

test('the tests that failed are named, and a file that broke as a whole by its path', () => {
  const tests = [
    { status: 'failed', fullName: 'one' },
    { status: 'passed', fullName: 'two' },
  ];
  const failed = { name: 'a', status: 'failed', assertionResults: tests };
  expect(failedTests(report({}, failed, { name: 'b', ...file('failed') }))).toEqual(['a > one', 'b']);
});
