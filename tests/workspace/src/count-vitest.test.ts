import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { repositoryRoot } from './repository.ts';

const { countVitest } = await import(pathToFileURL(`${repositoryRoot}/scripts/count-vitest.mjs`).href);

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
