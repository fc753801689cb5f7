import pg from 'pg';
import { describe, type ExpectStatic, inject, test } from 'vitest';
import { expireLeases } from './dispatch/expire-leases.ts';
import type { FailpointName, Failpoints } from './failpoints.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

/** Every table that the engine reads or writes on the way of a post without media. */
const tables = [
  'publications',
  'publication_steps',
  'attempts',
  'events',
  'notifications',
  'posts',
  'accounts',
  'grants',
  'pauses',
  'breakers',
  'app_limits',
] as const;
const moments = ['claim:after_commit', 'send:after_answer'] as const satisfies readonly FailpointName[];

const lockTimeoutMs = 100;
/** Longer than all retries below, one after the other, each of which meets the lock. */
const lockedForMs = 1_500;
const retryDelaysMs = [10, 10, 10];

describe('a table of the engine that nobody can use for a while', () => {
  for (const moment of ['before the claim', ...moments] as const) {
    test.concurrent.for(tables)(`(%s, from ${moment}) costs a post nothing but time`, async (table, { expect }) => {
      await using harness = await createEngineHarness(inject('postgresUrl'), { lockTimeoutMs });
      const account = await harness.addAccount();
      const ids = await Promise.all(
        [1, 2, 3].map((post) => harness.addPublication({ ...account, text: `Post ${post}` })),
      );
      await using lock = await prepareLock(harness, table);
      if (moment === 'before the claim') await lock.take();
      const failpoints = moment === 'before the claim' ? harness.deps.failpoints : at(moment, lock.take);
      const engine = harness.engine({ retryDelaysMs }, failpoints);
      await driveToTheEnd(expect, harness, (id) => engine.publish(id));
      expect(lock.wasTaken()).toBe(true);
      for (const id of ids) {
        expect(await harness.read(id)).toMatchObject({
          status: 'published',
          attempts: 1,
          retries_used: 0,
          error: null,
        });
        const timeline = await harness.timeline(id);
        expect(timeline).not.toContain('retrying');
        expect(timeline).not.toContain('failed');
      }
      expect(harness.platform.accepted.map(({ text }) => text).toSorted()).toEqual(['Post 1', 'Post 2', 'Post 3']);
      expect(await harness.sql('select 1 from notifications')).toEqual([]);
    });
  }
});

function at(moment: FailpointName, act: () => Promise<void>): Failpoints {
  return { has: () => true, reach: async (name) => (name === moment ? act() : undefined) };
}

/** As the dispatcher and the sweeper would, until all is out. */
async function driveToTheEnd(
  expect: ExpectStatic,
  harness: EngineHarness,
  publish: (id: string) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<unknown>>();
  const turn = async () => {
    const due = await harness.sql<{ id: string }>(
      'select id from publications where due_at <= clock_timestamp() and lease_until is null',
    );
    for (const { id } of due) {
      const run: Promise<unknown> = publish(id)
        .catch(() => undefined)
        .finally(() => running.delete(run));
      running.add(run);
    }
    await expireLeases(harness.deps, harness.settings).catch(() => undefined);
    const left = await harness.sql(`select status from publications where status <> 'published'`);
    return left;
  };
  await expect.poll(turn, { timeout: 25_000, interval: 100 }).toEqual([]);
  await Promise.all(running);
}

interface Lock extends AsyncDisposable {
  /** From the first call on, for `lockedForMs`. */
  readonly take: () => Promise<void>;
  wasTaken(): boolean;
}

async function prepareLock(harness: EngineHarness, table: string): Promise<Lock> {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  let taken: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const lock = async () => {
    await client.query('begin');
    await client.query(`lock table ${table} in access exclusive mode`);
    timer = setTimeout(() => void client.query('rollback'), lockedForMs);
  };
  return {
    take: () => (taken ??= lock()),
    wasTaken: () => taken !== null,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await client.end();
    },
  };
}
