import { defaultRetention } from '@vibetribe/queue/queue-retention';
import { expect, test } from 'vitest';
import { CoreEnv, coreConfigOf } from './core-config.ts';
import { EnvironmentError, parseEnvironment } from './parse-environment.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const minimal = { DATABASE_URL: 'postgres://db.example/vibetribe', ENCRYPTION_KEYS: `k1:${key}` };

const configOf = (env: Record<string, string>) => coreConfigOf(parseEnvironment(CoreEnv, env), env);

test('two variables are enough, everything else has a default', () => {
  expect(configOf(minimal)).toEqual({
    databaseUrl: minimal.DATABASE_URL,
    dbPoolMax: 20,
    dbPoolMin: 5,
    dbRolePrefix: 'vibetribe',
    redisUrl: null,
    queueRetention: defaultRetention,
    encryptionKeys: minimal.ENCRYPTION_KEYS,
    sandboxUrl: null,
    ssrfAllow: [],
    publicUrl: 'http://127.0.0.1:3000',
    trustLoopback: true,
    logLevel: 'info',
    postsPerHour: {},
    appPostsPerDay: {},
    metricsMonthlyUsd: {},
    platformEnv: {},
  });
});

test('Redis may be given as a URL or in parts, and the URL wins', () => {
  const parts = { REDIS_HOST: 'cache', REDIS_PORT: '7000', REDIS_PASSWORD: 'p@ss', REDIS_DB: '2' };
  expect(configOf({ ...minimal, ...parts }).redisUrl).toBe('redis://:p%40ss@cache:7000/2');
  expect(configOf({ ...minimal, ...parts, REDIS_URL: 'redis://other:1/0' }).redisUrl).toBe('redis://other:1/0');
});

test('limits, platform settings and the guard list are read by name', () => {
  const config = configOf({
    ...minimal,
    RATE_LIMIT_X: '7',
    RATE_LIMIT_APP_X: '0',
    RATE_LIMIT_APP_BLUESKY: '9',
    X_CLIENT_ID: 'id',
    X_ANALYTICS_MONTHLY_USD: '2.5',
    UNRELATED: 'no',
    SSRF_ALLOW: 'media.internal:8080, [::1]:9000',
    SANDBOX_URL: 'http://127.0.0.1:4010/',
  });
  expect(config.postsPerHour).toEqual({ x: 7 });
  expect(config.appPostsPerDay).toEqual({ x: 0, bluesky: 9 });
  expect(config.metricsMonthlyUsd).toEqual({ x: 2.5 });
  expect(config.platformEnv).toEqual({ X_CLIENT_ID: 'id' });
  expect(config.ssrfAllow).toEqual(['media.internal:8080', '[::1]:9000']);
  expect(config.sandboxUrl).toBe('http://127.0.0.1:4010');
});

test('an empty variable counts as absent', () => {
  expect(configOf({ ...minimal, REDIS_URL: '', RATE_LIMIT_X: '', LOG_LEVEL: '' })).toEqual(configOf(minimal));
});

test('all faults are named at once, and no value is shown', () => {
  const env = {
    ENCRYPTION_KEYS: 'k1:c2hvcnQ=',
    SSRF_ALLOW: 'no-port',
    RATE_LIMIT_X: 'many',
    REDIS_URL: 'http://:secret@x',
  };
  const fault = faultOf(() => configOf(env));
  expect(fault.faults.map((text) => text.split(':')[0])).toEqual(
    expect.arrayContaining(['DATABASE_URL', 'ENCRYPTION_KEYS', 'SSRF_ALLOW.0', 'RATE_LIMIT_X', 'REDIS_URL']),
  );
  expect(fault.message).toContain('DATABASE_URL: is missing');
  expect(fault.message).not.toMatch(/secret|c2hvcnQ|many/);
});

function faultOf(run: () => unknown): EnvironmentError {
  try {
    run();
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}
