import { z } from 'zod';
import { Timezone } from './timezone.ts';

export const Notification = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  body: z.string(),
  data: z.record(z.string(), z.unknown()),
  createdAt: z.iso.datetime({ offset: true }),
  readAt: z.iso.datetime({ offset: true }).nullable(),
});
export type Notification = z.infer<typeof Notification>;

/** Everything that members are told. */
export const NotificationKind = z.enum([
  'publication_failed',
  'publication_unconfirmed',
  'publication_asks',
  'publication_skipped',
  'publication_change_failed',
  'account_needs_reauth',
  'account_token_failing',
  'account_token_ending',
  'account_metrics_denied',
  'platform_outage',
  'platform_recovered',
  'webhook_disabled',
  'mail_failed',
]);
export type NotificationKind = z.infer<typeof NotificationKind>;

/** `daily`: in one message a day, at 8 o'clock. */
export const NotificationTime = z.enum(['now', 'daily', 'off']);
export type NotificationTime = z.infer<typeof NotificationTime>;

export const NotificationChannels = z.object({
  inApp: NotificationTime,
  email: NotificationTime,
  webhook: NotificationTime,
});
export type NotificationChannels = z.infer<typeof NotificationChannels>;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time such as 22:00' });

/** Messages wait until they are over, the daily one until 8 o'clock there. */
export const QuietHours = z.strictObject({
  from: TimeOfDay,
  to: TimeOfDay,
  timezone: Timezone.default('UTC'),
});
export type QuietHours = z.infer<typeof QuietHours>;

export const NotificationPreferences = z.object({
  events: z.record(NotificationKind, NotificationChannels),
  quietHours: QuietHours.nullable(),
  /** Its address is a secret and shown to nobody. `error`: why the last message was not taken. */
  webhook: z.object({ host: z.string(), error: z.string().nullable() }).nullable(),
});
export type NotificationPreferences = z.infer<typeof NotificationPreferences>;

/** Of a kind that is not named, and of a channel that is not, the default holds. */
export const PutNotificationPreferences = z.strictObject({
  events: z.partialRecord(NotificationKind, z.strictObject(NotificationChannels.shape).partial()),
  quietHours: QuietHours.nullable().optional(),
  /** An incoming webhook of Slack or Discord, or one that takes what they take; null takes it away. */
  webhookUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .nullable()
    .optional(),
  /** As it was read: whoever sends back what they read changes nothing here. */
  webhook: NotificationPreferences.shape.webhook.optional(),
});
export type PutNotificationPreferences = z.infer<typeof PutNotificationPreferences>;
