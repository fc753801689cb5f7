import { randomUUID } from 'node:crypto';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { createQueueAdmin } from '@vibetribe/queue/queue-admin';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { dispatchOnce } from '../publishing/dispatch/dispatch.ts';
import { createEngineHarness } from '../publishing/testing/test-engine.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

test.each(['postgres', 'redis'] as const)(
  'a post whose jobs an operator removes, moves and cleans away on %s goes out once all the same',
  async (backend) => {
    await using harness = await createEngineHarness(inject('postgresUrl'));
    await using stack = new AsyncDisposableStack();
    const pool = stack.adopt(new pg.Pool({ connectionString: harness.databaseUrl, max: 2 }), (opened) => opened.end());
    await migrateQueue(pool);
    const redis = backend === 'redis' ? { redisUrl: inject('redisUrl'), prefix: `test-${randomUUID()}` } : {};
    const connection = stack.use(await connectQueue({ pool, logger: quiet, ...redis }));
    const queue = createPublishQueue(connection);
    const admin = createQueueAdmin(connection, ['x']);
    const name = 'publish-x';
    const id = await harness.addPublication({ ...(await harness.addAccount()), dueInMs: 60_000 });

    /** What the sweeper does once the job counts as lost. */
    const dispatch = async () => {
      await harness.sql(
        `update publications set enqueued_until = now() - interval '1 s' where enqueued_until is not null`,
      );
      await dispatchOnce(harness.deps, harness.settings, (jobs) => queue.enqueue(jobs), AbortSignal.timeout(60_000));
    };
    await dispatch();
    expect(await admin.exists(name, `p_${id}_1`)).toBe(true);
    expect(await admin.remove(name, `p_${id}_1`)).toBe(true);
    await dispatch();
    expect(await admin.reschedule(name, `p_${id}_2`, 7 * 86_400_000)).toBe(true);
    await dispatch();
    expect(await admin.clean(name, { graceMs: 0, limit: 100, state: 'delayed' })).toBe(2);
    await harness.makeDue(id);
    await dispatch();
    expect(await admin.job(name, `p_${id}_4`)).toMatchObject({ data: { publications: [{ publicationId: id }] } });
    // A job of each generation may still be worked off.
    const publisher = harness.engine();
    for (let job = 0; job < 4; job += 1) await publisher.publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1 });
    expect(harness.platform.accepted).toHaveLength(1);
  },
);
