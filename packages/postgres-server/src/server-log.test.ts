import { expect, test } from 'vitest';
import { reasonFromLog } from './server-log.ts';

test('the reason is the last line of the gravest level, without its prefix', () => {
  const log = [
    '2026-01-01 [1] LOG:  starting',
    '2026-01-01 [1] FATAL:  could not create lock file',
    '2026-01-01 [1] LOG:  database system is shut down',
  ].join('\n');
  expect(reasonFromLog(log)).toBe('could not create lock file');
});

test('an empty log is said to be empty', () => {
  expect(reasonFromLog('')).toBe('it left no reason in its log');
});
