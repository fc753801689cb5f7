import { startMailer } from '@vibetribe/core/mail/deliver-mails';
import { senderOf } from '@vibetribe/core/mail/mail-settings';
import { createSmtpSender } from '@vibetribe/core/mail/smtp-sender';
import { startNotifier } from '@vibetribe/core/notifications/start-notifier';
import { unsubscribePath } from '@vibetribe/core/notifications/unsubscribe-path';
import { createSpareBytes } from '@vibetribe/core/media/spare-bytes';
import { createOperators } from '@vibetribe/core/identity/operators';
import { openService, type Service } from '@vibetribe/core/open-service';
import { type CronDependencies, cronTasks, deadlineMsOf } from '@vibetribe/core/tasks/cron-tasks';
import {
  findOpenSlots,
  findRequested,
  readDatabaseTime,
  readTaskStates,
  recordSchedules,
} from '@vibetribe/core/tasks/find-open-slots';
import { runTaskOnce } from '@vibetribe/core/tasks/run-task-once';
import { createTaskLocks } from '@vibetribe/core/tasks/task-locks';
import { startWebhookDeliverer } from '@vibetribe/core/webhooks/deliver-webhooks';
import { createWebhookSender } from '@vibetribe/core/webhooks/webhook-sender';
import { createMediaLibrary } from '@vibetribe/media/media-library';
import { httpOrigin } from '@vibetribe/observability/http-origin';
import { createLogger, type Logger } from '@vibetribe/observability/logger';
import { createMetrics, type Metrics } from '@vibetribe/observability/metrics';
import { startOpsServer } from '@vibetribe/observability/ops-server';
import { withTimeout } from '@vibetribe/resilience/with-timeout';
import type { CronConfig } from './config.ts';
import { createCronGauges, type CronGauges } from './cron-gauges.ts';
import { createSchedule, type Schedule } from './schedule.ts';
import { scheduleTasks } from './schedule-tasks.ts';
import { overdueAfter, taskHealth, type TaskHealth } from './task-health.ts';

export interface RunningCron extends AsyncDisposable {
  /** Of /health and /metrics. */
  readonly port: number;
  readonly url: string;
}

/** How long a look at the metrics waits for the database: less than Prometheus waits for the metrics. */
const gaugesTimeoutMs = 2_000;

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
      onPlatformCall: metrics.observePlatformCall,
    }),
  );
  const gauges = createCronGauges(metrics);
  const locks = starting.use(
    createTaskLocks({ databaseUrl: config.databaseUrl, applicationName: 'vibetribe-cron-locks' }),
  );
  const deps = openDependencies(config, service, { metrics, gauges }, starting);
  const sender = starting.use(createWebhookSender({ allow: service.core.isAllowedHost }));
  const onTry = gauges.countDelivery.bind(gauges);
  starting.use(await startWebhookDeliverer(service.core, { bus: service.bus, sender, onTry }));
  const notifier = startNotifier(service.core, {
    sender,
    sendsMail: config.smtpUrl !== null,
    collectMs: config.notificationCollectMs,
    unsubscribeUrl: (key) => `${config.publicUrl}${unsubscribePath}?token=${encodeURIComponent(key)}`,
  });
  starting.use(notifier);
  if (config.smtpUrl !== null) {
    const mail = starting.use(createSmtpSender({ url: config.smtpUrl, from: senderOf(config, config.publicUrl) }));
    starting.use(startMailer(service.core, { sender: mail, onOutcome: gauges.countMail.bind(gauges) }));
  }
  const tasks = cronTasks.map((task) => ({
    ...task,
    schedule: createSchedule(config.schedules[task.name] ?? task.schedule),
  }));
  await recordSchedules(
    service.db,
    tasks.map(({ name, schedule }) => ({ task: name, schedule: schedule.expression })),
  );
  const scheduled = starting.use(
    scheduleTasks({
      logger,
      readTime: () => readDatabaseTime(service.db),
      findOpen: (slots) => findOpenSlots(service.db, slots),
      findRequested: () => findRequested(service.db),
      tasks: tasks.map((task) => ({
        ...task,
        async run(slot, signal) {
          const { name, schedule } = task;
          const how = { isByHand: slot === 'requested' };
          const overdueAt = slot === 'requested' ? null : overdueAfter(schedule, slot);
          const taken = { task: name, slot, overdueAt, deadlineMs: deadlineMsOf(task) };
          const { kind } = await runTaskOnce(
            { ...service.core, locks },
            taken,
            (stop) => task.run(deps, stop, how),
            signal,
          );
          gauges.countRun(name, kind);
          if (kind === 'skipped') gauges.forget(name);
        },
      })),
    }),
  );
  starting.use(
    await service.bus.subscribe(
      'tasks',
      () => scheduled.wake(),
      () => scheduled.wake(),
    ),
  );
  const readTasks = createTaskWatch(service, { tasks, gauges, startedAt: await readDatabaseTime(service.db) });
  const health = createCronHealth(service, deps, readTasks);
  const operators = createOperators(service.core, { trustsLoopback: config.trustLoopback });
  const ops = starting.use(
    await startOpsServer({
      port: config.port,
      host: config.host,
      operators,
      health,
      metrics: {
        async exposition() {
          // Where the database is away the other numbers are told all the same.
          await withTimeout(gaugesTimeoutMs, 'looking at the tasks', readTasks()).catch((error: unknown) =>
            logger.warn({ err: error }, 'the metrics tell how tasks were before'),
          );
          return metrics.exposition();
        },
      },
    }),
  );
  const running = starting.move();
  return {
    port: ops.port,
    url: httpOrigin(config.host, ops.port),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function openDependencies(
  config: CronConfig,
  { core, queue }: Service,
  { metrics, gauges }: { metrics: Metrics; gauges: CronGauges },
  starting: AsyncDisposableStack,
): CronDependencies {
  const now = () => core.clock.now();
  const spareBytes = createSpareBytes({ ...core, ...config });
  const media = starting.use(createMediaLibrary({ ...config, spareBytes, now }));
  return {
    ...core,
    queue,
    media,
    disk: media.disk,
    retention: config.retention,
    unusedMediaDays: config.unusedMediaDays,
    report: {
      tokenRefresh: (platform, outcome) => metrics.countTokenRefresh({ platform, outcome }),
      health: (check) => gauges.setHealth(check),
      stalled: (stalled) => gauges.setStalled(stalled),
    },
  };
}

/** How each task stands, by what all processes have recorded; the gauges tell it. */
function createTaskWatch(
  { db }: Pick<Service, 'db'>,
  {
    tasks,
    gauges,
    startedAt,
  }: { tasks: readonly { name: string; schedule: Schedule }[]; gauges: CronGauges; startedAt: Date },
) {
  return async (): Promise<TaskHealth[]> => {
    const [now, states] = await Promise.all([readDatabaseTime(db), readTaskStates(db)]);
    const found = taskHealth(tasks, states, { now, startedAt });
    gauges.setTaskHealth(found);
    return found;
  };
}

/** Ill where a task has not succeeded for two of its times, whatever process should have run it. */
function createCronHealth(
  { db, queue }: Service,
  { disk }: Pick<CronDependencies, 'disk'>,
  readTasks: () => Promise<TaskHealth[]>,
) {
  return async () => {
    const [database, queueHealth, diskHealth] = await Promise.all([db.health(), queue.health(), disk.health()]);
    if (!database.ok) return { ok: false, detail: { database, queue: queueHealth, disk: diskHealth } };
    const found = await readTasks();
    return {
      ok: queueHealth.ok && diskHealth.ok && found.every(({ isOverdue }) => !isOverdue),
      detail: { database, queue: queueHealth, disk: diskHealth, tasks: found },
    };
  };
}
