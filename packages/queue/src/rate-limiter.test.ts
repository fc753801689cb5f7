import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { describe, expect, test } from 'vitest';
import { createRateLimiter } from './rate-limiter.ts';
import { backendKinds, openTestBackend } from './test-backend.ts';

describe.each(backendKinds)('rate limits on %s', (kind) => {
  test('points run out for the key that used them, and the verdict tells the rest', async () => {
    await using backend = await openTestBackend(kind);
    await using limiter = createRateLimiter(await backend.connect(), { name: 'api', points: 3, durationSeconds: 60 });
    expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 2 });
    expect(await limiter.consume('a', 2)).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await limiter.consume('a');
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.resetInMs).toBeGreaterThan(50_000);
    expect(refused.resetInMs).toBeLessThanOrEqual(60_000);
    expect(await limiter.consume('b')).toMatchObject({ allowed: true });
  });

  test('what one process counted is soon counted by the others', async () => {
    await using backend = await openTestBackend(kind);
    const limits = { name: 'api', points: 10, durationSeconds: 60 };
    await using here = createRateLimiter(await backend.connect(), limits);
    await using there = createRateLimiter(await backend.connect(), limits);
    for (let index = 0; index < 8; index++) await here.consume('a');
    const refused = await waitFor(async () => !(await there.consume('a')).allowed, {
      describe: 'the shared limit',
      intervalMs: 100,
    });
    expect(refused).toBe(true);
  });

  test('an exact limit holds across processes from the first request on', async () => {
    await using backend = await openTestBackend(kind);
    const limits = { name: 'login', points: 5, durationSeconds: 60, isExact: true };
    await using here = createRateLimiter(await backend.connect(), limits);
    await using there = createRateLimiter(await backend.connect(), limits);
    const verdicts = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? here : there).consume('a')),
    );
    expect(verdicts.filter((verdict) => verdict.allowed)).toHaveLength(5);
    await there.forget('a');
    expect(await here.consume('a')).toMatchObject({ allowed: true, remaining: 4 });
  });

  test.each([false, true])(
    'while the store is away each process limits alone and at once (exact: %s)',
    async (isExact) => {
      await using redis = kind === 'redis' ? await startRedisServer() : null;
      await using backend = await openTestBackend(kind, redis === null ? {} : { redisUrl: redis.url });
      const connection = await backend.connect();
      await using limiter = createRateLimiter(connection, { name: 'api', points: 2, durationSeconds: 60, isExact });
      await limiter.consume('a');
      if (redis === null) await backend.pool.query('alter table limiter.counter rename to gone');
      else await redis.kill();

      const startedAtMs = performance.now();
      expect(await limiter.consume('a')).toMatchObject({ allowed: true });
      expect(await limiter.consume('a')).toMatchObject({ allowed: false });
      expect(performance.now() - startedAtMs).toBeLessThan(1500);
    },
  );

  test('keys show neither address nor account to whoever reads the store', async () => {
    await using backend = await openTestBackend(kind);
    const connection = await backend.connect();
    await using limiter = createRateLimiter(connection, {
      name: 'login',
      points: 2,
      durationSeconds: 60,
      isExact: true,
    });
    await limiter.consume('canary@example.org');
    const { store } = connection;
    const keys =
      store.kind === 'redis'
        ? await store.redis.keys(`${backend.prefix}:limit:*`)
        : (await store.pool.query<{ key: string }>('select key from limiter.counter')).rows.map((row) => row.key);
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain('canary');
  });
});
