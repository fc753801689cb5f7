import type { FaultKind } from './fault.ts';

/** FLUSHALL: every job, lock and counter is gone. */
export const flushRedis: FaultKind = {
  name: 'Redis FLUSHALL',
  lane: 'store',
  weight: 3,
  plan: ({ system: { redis } }) => (redis === null ? null : { target: 'redis', run: () => redis.flush() }),
};

/** kill -9 of Redis, and an empty one in its place. */
export const crashRedis: FaultKind = {
  name: 'Redis kill and restart',
  lane: 'store',
  weight: 2,
  plan({ system: { redis }, random }) {
    if (redis === null) return null;
    const downMs = random.between(0, 2_500);
    return { target: `down for ${downMs} ms`, run: () => redis.crash(downMs) };
  },
};

export const freezeRedis: FaultKind = {
  name: 'Redis freeze',
  lane: 'store',
  weight: 2,
  plan({ system: { redis }, random }) {
    if (redis === null) return null;
    const frozenMs = random.between(300, 6_000);
    return { target: `for ${frozenMs} ms`, run: () => redis.freeze(frozenMs) };
  },
};
