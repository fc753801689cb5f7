import { expect, test } from 'vitest';
import { parseLocalConfig } from './config.ts';
import { StartError } from './start-error.ts';

test('without any setting the documented defaults hold', () => {
  const config = parseLocalConfig({}, []);
  expect(config).toMatchObject({ apiPort: 3000, sandboxPort: 4010, adminEmail: 'admin@vibetribe.local', demo: true });
  expect(config.dataDir).toBe(`${process.cwd()}/.data`);
});

test('an empty variable counts as not set', () => {
  expect(parseLocalConfig({ PORT: '', DATABASE_URL: '', ADMIN_PASSWORD: '' }, [])).toMatchObject({
    apiPort: 3000,
    databaseUrl: undefined,
    adminPassword: undefined,
  });
});

test('an IPv6 address to listen on may come in brackets', () => {
  expect(parseLocalConfig({ HOST: '[::1]' }, []).host).toBe('::1');
});

test('--no-demo leaves the demo out', () => {
  expect(parseLocalConfig({}, ['--no-demo']).demo).toBe(false);
});

test('all faults are named at once, without the values', () => {
  const env = { PORT: 'secret-one', DATABASE_URL: 'secret-two', ADMIN_PASSWORD: 'short' };
  const message = faultOf(() => parseLocalConfig(env, ['--nodemo']));
  expect(message).toContain('--nodemo');
  expect(message).toContain('PORT must be a port number');
  expect(message).toContain('DATABASE_URL must be');
  expect(message).toContain('ADMIN_PASSWORD must have at least 10');
  expect(message).not.toMatch(/secret-|short/);
});

function faultOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}
