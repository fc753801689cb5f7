import { connectDatabase } from '@vibetribe/db/connect-database';
import { dispatchOnce } from '@vibetribe/core/publishing/dispatch/dispatch';
import { noFailpoints } from '@vibetribe/core/publishing/failpoints';
import type { PublishSettings } from '@vibetribe/core/publishing/publish-settings';
import { quietSignals } from '@vibetribe/core/test-signals';
import { adapters } from '@vibetribe/platforms/registry';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { Redis } from 'ioredis';
import { openCalendar } from './open-calendar.ts';
import type { Backend } from './open-product.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';

const smallCalendar = 10_000;
const dueSoon = 200;
const turns = 15;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const publishSettings: PublishSettings = {
  retryDelaysMs: [60_000],
  publishTimeoutMs: 30_000,
  claimLeaseMs: 60_000,
  reconcileQuietMs: null,
  breakerFailureThreshold: 5,
  breakerTimeoutMs: 60_000,
  burstGuard: { spacingMs: 2_000, spreadMs: 60_000 },
  lineTurnMs: 1_000,
};

/** What a turn of the dispatcher costs, and what the queue holds afterwards, before a small and a large calendar. */
export async function dispatcherTurn(servers: Servers, { futurePosts }: Settings): Promise<void> {
  print(
    `\n## Dispatcher: a turn that enqueues ${dueSoon} posts, with ${smallCalendar} and with ${futurePosts} future posts, median of ${turns} turns, ms`,
  );
  for (const backend of ['redis', 'postgres'] as const) {
    await using small = await openDispatcher(servers, backend, smallCalendar);
    await using large = await openDispatcher(servers, backend, futurePosts);
    const ms = { small: [] as number[], large: [] as number[] };
    const bytes = { small: [] as number[], large: [] as number[] };
    for (let turn = 0; turn < turns; turn += 1) {
      for (const size of ['small', 'large'] as const) {
        const measured = await (size === 'small' ? small : large).turn();
        ms[size].push(measured.durationMs);
        bytes[size].push(measured.queueBytes);
      }
    }
    print(`${backend.padEnd(10)} ${spread(ms.small, 1)} and ${spread(ms.large, 1)}`);
    verdict(`${backend}, time of a turn, large to small`, median(ms.large) / median(ms.small), { atMost: 1.3 });
    verdict(`${backend}, the queue's memory, large to small`, median(bytes.large) / median(bytes.small), {
      atMost: 1.3,
    });
  }
}

async function openDispatcher(servers: Servers, backend: Backend, futurePosts: number) {
  await using opening = new AsyncDisposableStack();
  const calendar = opening.use(await openCalendar(servers, futurePosts));
  const db = opening.use(
    connectDatabase({
      databaseUrl: calendar.databaseUrl,
      poolMax: 4,
      poolMin: 0,
      applicationName: 'bench',
      onError: () => undefined,
    }),
  );
  const redis = opening.adopt(new Redis(servers.redisUrl), (opened) => opened.disconnect());
  const connection = opening.use(
    await connectQueue({
      redisUrl: backend === 'redis' ? servers.redisUrl : undefined,
      pool: calendar.pool,
      logger: quiet,
      prefix: `calendar${futurePosts}`,
    }),
  );
  const queue = createPublishQueue(connection);
  const deps = {
    db,
    adapters,
    failpoints: noFailpoints,
    signals: quietSignals,
  };
  const queueBytes = async () => {
    if (backend === 'redis') return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    const { rows } = await calendar.pool.query<{ bytes: number }>(
      `select pg_total_relation_size('bullmq.job')::float8 as bytes`,
    );
    return rows[0]?.bytes ?? Number.NaN;
  };
  const opened = opening.move();
  return {
    async turn() {
      await calendar.addDueSoon(dueSoon);
      const bytesBefore = backend === 'redis' ? await queueBytes() : 0;
      const startedAtMs = performance.now();
      await dispatchOnce(deps, publishSettings, (jobs) => queue.enqueue(jobs), AbortSignal.timeout(60_000));
      return { durationMs: performance.now() - startedAtMs, queueBytes: (await queueBytes()) - bytesBefore };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
