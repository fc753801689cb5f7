import { CoreEnv, coreConfigOf, type CoreConfig } from '@vibetribe/core/core-config';
import {
  checkMediaEnv,
  mediaEnvShape,
  mediaSettingsOf,
  type MediaSettings,
} from '@vibetribe/core/media/media-settings';
import { mailEnvShape, mailSettingsOf, type MailSettings } from '@vibetribe/core/mail/mail-settings';
import { ListenHost } from '@vibetribe/core/listen-host';
import { parseEnvironment } from '@vibetribe/core/parse-environment';
import { cronTasks } from '@vibetribe/core/tasks/cron-tasks';
import type { Retention } from '@vibetribe/core/tasks/clean-up';
import { validate } from 'node-cron';
import { z } from 'zod';

const Days = z.coerce.number().int().min(1).max(36_500);
const Expression = z.string().refine(validate, { error: 'must be a cron expression of 5 or 6 fields' });

const CronEnv = CoreEnv.extend({
  ...mediaEnvShape,
  ...mailEnvShape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: ListenHost.default('127.0.0.1'),
  ...scheduleShape(),
  NOTIFICATION_COLLECT_SECONDS: z.coerce.number().int().min(0).max(3_600).default(10),
  RETENTION_READ_NOTIFICATIONS_DAYS: Days.default(30),
  RETENTION_UNREAD_NOTIFICATIONS_DAYS: Days.default(90),
  RETENTION_EVENTS_DAYS: Days.default(90),
  RETENTION_ENDED_SESSIONS_DAYS: Days.default(7),
  RETENTION_UNUSED_MEDIA_DAYS: Days.default(90),
  RETENTION_AUDIT_DAYS: Days.min(90).default(730),
  RETENTION_METRICS_DAYS: Days.default(730),
}).superRefine(checkMediaEnv);

export interface CronConfig extends CoreConfig, MediaSettings, MailSettings {
  /** Of /health and /metrics; 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** Cron expressions in UTC, by the task's name. */
  readonly schedules: Readonly<Record<string, string>>;
  /** How long notifications of the same cause are collected before they are one message, ms. */
  readonly notificationCollectMs: number;
  readonly retention: Retention;
  /** How long media that no post uses are kept. */
  readonly unusedMediaDays: number;
}

/** @throws EnvironmentError naming every fault at once */
export function parseCronConfig(rawEnv: Readonly<Record<string, string | undefined>>): CronConfig {
  const env = parseEnvironment(CronEnv, rawEnv);
  return {
    ...coreConfigOf(env, rawEnv),
    ...mediaSettingsOf(env),
    ...mailSettingsOf(env),
    port: env.PORT,
    host: env.HOST,
    schedules: Object.fromEntries(
      cronTasks.map(({ name, setting, schedule }) => [name, String(Reflect.get(env, setting) ?? schedule)]),
    ),
    notificationCollectMs: env.NOTIFICATION_COLLECT_SECONDS * 1_000,
    retention: {
      readNotificationDays: env.RETENTION_READ_NOTIFICATIONS_DAYS,
      unreadNotificationDays: env.RETENTION_UNREAD_NOTIFICATIONS_DAYS,
      eventDays: env.RETENTION_EVENTS_DAYS,
      endedSessionDays: env.RETENTION_ENDED_SESSIONS_DAYS,
      auditDays: env.RETENTION_AUDIT_DAYS,
      metricDays: env.RETENTION_METRICS_DAYS,
    },
    unusedMediaDays: env.RETENTION_UNUSED_MEDIA_DAYS,
  };
}

function scheduleShape() {
  const shape: Record<`CRON_${string}`, z.ZodDefault<typeof Expression>> = {};
  for (const { setting, schedule } of cronTasks) shape[setting] = Expression.default(schedule);
  return shape;
}
