import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { startPublishWorker } from '@vibetribe/queue/publish-worker';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { type Contender, createTally, dueAtOf } from './contenders.ts';
import { createPoster } from './post-agent.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** BullMQ and a POST, nothing else: no rows, no intent, no outcome. It repeats what a dead worker had sent. */
export function bareBullmq(backend: 'redis' | 'postgres'): Contender {
  return {
    name: `bare BullMQ on ${backend}`,
    async run(servers, load) {
      await using stack = new AsyncDisposableStack();
      const database = stack.use(await createTestDatabase(servers.postgresUrl));
      const pool = stack.adopt(new pg.Pool({ connectionString: database.url, max: 10 }), (opened) => opened.end());
      await migrateQueue(pool);
      const connection = stack.use(
        await connectQueue({ redisUrl: backend === 'redis' ? servers.redisUrl : undefined, pool, logger: silent, prefix: `bare${Date.now()}` }),
      );
      const poster = stack.adopt(createPoster(servers.target), (opened) => opened.close());
      const nowMs = Date.now();
      const dueAt = (index: number) => dueAtOf(load, index, nowMs);
      const jobs = Array.from({ length: load.count }, (_, index) => ({
        platform: 'x',
        publicationId: `post${index}`,
        generation: 1,
        delayMs: dueAt(index) - nowMs,
        priority: 0,
      }));
      await createPublishQueue(connection).ring(jobs, { timeoutMs: 60_000 });
      const tally = createTally(load.count, Math.max(Date.now(), nowMs + load.dueInMs));
      const worker = startPublishWorker({
        connection,
        platform: 'x',
        concurrency: load.concurrency,
        async handle({ publicationId }) {
          await poster.post(publicationId);
          tally.accepted(dueAt(Number(publicationId.slice(4))));
        },
        onError: (error) => process.stderr.write(`${String(error)} ${String((error as Error).cause)}\n`),
      });
      stack.defer(async () => {
        await worker.close({ drainMs: 5_000 });
      });
      return await tally.result();
    },
  };
}
