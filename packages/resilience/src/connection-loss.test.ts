import { expect, test } from 'vitest';
import { isConnectionLossCode } from './connection-loss.ts';

test.each(['ECONNREFUSED', 'EAI_AGAIN', '57P01', '57P03', '08006', '08P01'])('%s is a lost connection', (code) => {
  expect(isConnectionLossCode(code)).toBe(true);
});

test.each(['23505', '57014', 'ENOENT', '', '08'])('%s is none', (code) => {
  expect(isConnectionLossCode(code)).toBe(false);
});
