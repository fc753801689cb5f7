import { bigint, boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const notificationPreferences = pgTable('notification_preferences', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  userId: text('user_id').notNull(),
  events: jsonb('events').notNull().default({}),
  quietHours: jsonb('quiet_hours'),
  webhookSealed: text('webhook_sealed'),
  webhookHost: text('webhook_host'),
  webhookError: text('webhook_error'),
  unsubscribeKey: text('unsubscribe_key'),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

export const notificationMessages = pgTable('notification_messages', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  userId: text('user_id').notNull(),
  channel: text('channel', { enum: ['email', 'webhook'] }).notNull(),
  cause: text('cause').notNull(),
  entries: jsonb('entries').notNull(),
  count: integer('count').notNull(),
  status: text('status').notNull().default('collecting'),
  attempts: integer('attempts').notNull().default(0),
  dueAt: at('due_at'),
  leaseUntil: at('lease_until'),
  createdAt: at('created_at').notNull().defaultNow(),
  endedAt: at('ended_at'),
});

export const outages = pgTable('outages', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  breakerKey: text('breaker_key').notNull(),
  platform: text('platform').notNull(),
  heldMax: integer('held_max').notNull(),
  beganAt: at('began_at').notNull().defaultNow(),
  endedAt: at('ended_at'),
});

/** One row. `position`: the event up to which messages were made. */
export const notificationFeed = pgTable('notification_feed', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  position: bigint('position', { mode: 'number' }).notNull().default(0),
});
