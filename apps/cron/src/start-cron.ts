import { collectGarbage } from '@vibetribe/core/media/collect-garbage';
import { createSpareBytes } from '@vibetribe/core/media/spare-bytes';
import { openService, type Service } from '@vibetribe/core/open-service';
import { runHealthCheck } from '@vibetribe/core/tasks/check-health';
import { runCleanUp } from '@vibetribe/core/tasks/clean-up';
import { runStalledDetection } from '@vibetribe/core/tasks/detect-stalled';
import { runAccountReread } from '@vibetribe/core/tasks/reread-accounts';
import { runTokenRefresh } from '@vibetribe/core/tasks/refresh-tokens';
import { runTaskOnce, type TaskDetail } from '@vibetribe/core/tasks/run-task-once';
import { createMediaLibrary, type MediaLibrary } from '@vibetribe/media/media-library';
import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { createMetrics, type Metrics } from '@vibetribe/observability/metrics';
import { startOpsServer } from '@vibetribe/observability/ops-server';
import type { CronConfig } from './config.ts';
import { createCronGauges } from './cron-gauges.ts';
import { cronTaskNames, type CronTaskName } from './cron-task-name.ts';
import { scheduleTasks } from './schedule-tasks.ts';

export interface RunningCron extends AsyncDisposable {
  /** Of /health and /metrics, on the loopback address. */
  readonly port: number;
  readonly url: string;
}

/** One cron process. Any number may run: each slot of a task's schedule is taken by one of them. */
export async function startCron(
  config: CronConfig,
  logger: Logger = createLogger({ app: 'cron', level: config.logLevel }),
): Promise<RunningCron> {
  await using starting = new AsyncDisposableStack();
  const metrics = createMetrics('cron', logger);
  const service = starting.use(
    await openService({
      app: 'cron',
      config,
      logger,
      onPlatformCall: ({ platform, method, outcome, durationMs }) =>
        metrics.observePlatformCall({
          platform,
          method,
          status: 'status' in outcome ? outcome.status : null,
          durationMs,
        }),
    }),
  );
  const gauges = createCronGauges(metrics);
  const now = () => service.core.clock.now();
  const spareBytes = createSpareBytes({ ...service.core, ...config });
  const media = starting.use(createMediaLibrary({ ...config, spareBytes, now }));
  const runs = { ...taskRuns(config, service, media, metrics, gauges), ...mediaRuns(config, service, media) };
  starting.use(
    scheduleTasks(
      Object.values(cronTaskNames).map((name) => ({
        name,
        expression: config.schedules[name],
        async run(slot) {
          const { kind } = await runTaskOnce(service.core, { task: name, slot }, runs[name]);
          gauges.countRun(name, kind);
          if (kind === 'skipped') gauges.forget(name);
        },
      })),
      logger,
    ),
  );
  const ops = starting.use(
    await startOpsServer({ port: config.port, host: config.host, metrics, health: () => healthOf(service, media) }),
  );
  const running = starting.move();
  return { port: ops.port, url: `http://127.0.0.1:${ops.port}`, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function taskRuns(
  config: CronConfig,
  { core, queue }: Service,
  { disk }: Pick<MediaLibrary, 'disk'>,
  metrics: Metrics,
  gauges: ReturnType<typeof createCronGauges>,
): Record<Exclude<CronTaskName, 'media-garbage'>, () => Promise<TaskDetail>> {
  return {
    [cronTaskNames.tokenRefresh]: async () => ({
      ...(await runTokenRefresh(core, {
        onOutcome: (platform, outcome) => metrics.countTokenRefresh({ platform, outcome }),
      })),
    }),
    [cronTaskNames.accountProfiles]: async () => ({ ...(await runAccountReread(core)) }),
    [cronTaskNames.cleanUp]: () => runCleanUp(core, config.retention),
    async [cronTaskNames.healthCheck]() {
      const check = await runHealthCheck({ ...core, queue, disk });
      gauges.setHealth(check);
      return check;
    },
    async [cronTaskNames.stalledDetection]() {
      const stalled = await runStalledDetection(core);
      gauges.setStalled(stalled);
      return stalled;
    },
  };
}

function mediaRuns(
  { unusedMediaDays }: CronConfig,
  { core }: Service,
  media: MediaLibrary,
): Record<'media-garbage', () => Promise<TaskDetail>> {
  return {
    [cronTaskNames.mediaGarbage]: async () => ({
      ...(await collectGarbage({ ...core, media }, { unusedDays: unusedMediaDays })),
    }),
  };
}

async function healthOf({ db, queue }: Service, { disk }: Pick<MediaLibrary, 'disk'>) {
  const [database, queueHealth, diskHealth] = await Promise.all([db.health(), queue.health(), disk.health()]);
  const ok = database.ok && queueHealth.ok && diskHealth.ok;
  return { ok, detail: { database, queue: queueHealth, disk: diskHealth } };
}
