import { expect, test } from 'vitest';
import { readSandboxConfig, SandboxConfigError } from './config.ts';

test('an empty environment gives the documented defaults', () => {
  expect(readSandboxConfig({})).toMatchObject({ port: 4010, dataDir: '.data', logLevel: 'info' });
});

test('SANDBOX_PORT wins over PORT, which is taken where it is absent or empty', () => {
  expect(readSandboxConfig({ SANDBOX_PORT: '5', PORT: '6' }).port).toBe(5);
  expect(readSandboxConfig({ SANDBOX_PORT: '', PORT: '6' }).port).toBe(6);
});

test('all faults are named at once', () => {
  const read = () => readSandboxConfig({ SANDBOX_PORT: '70000', PORT: 'x', LOG_LEVEL: 'loud' });
  expect(read).toThrow(SandboxConfigError);
  expect(read).toThrow(/SANDBOX_PORT.*PORT.*LOG_LEVEL/);
});
