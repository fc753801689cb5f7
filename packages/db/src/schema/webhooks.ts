import { bigint, boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const webhooks = pgTable('webhooks', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  url: text('url').notNull(),
  description: text('description'),
  events: text('events').array().notNull(),
  secretSealed: text('secret_sealed').notNull(),
  previousSecretSealed: text('previous_secret_sealed'),
  previousUntil: at('previous_until'),
  nextSequence: bigint('next_sequence', { mode: 'number' }).notNull().default(1),
  lastSuccessAt: at('last_success_at'),
  disabledAt: at('disabled_at'),
  disabledBecause: text('disabled_because'),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

export const webhookDeliveries = pgTable('webhook_deliveries', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  webhookId: text('webhook_id').notNull(),
  sequence: bigint('sequence', { mode: 'number' }).notNull(),
  type: text('type').notNull(),
  payload: text('payload').notNull(),
  status: text('status').notNull().default('pending'),
  attempts: integer('attempts').notNull().default(0),
  nextAttemptAt: at('next_attempt_at'),
  leaseUntil: at('lease_until'),
  tries: jsonb('tries').notNull().default([]),
  createdAt: at('created_at').notNull().defaultNow(),
  deliveredAt: at('delivered_at'),
});

/** One row. `position`: the event up to which deliveries were made. */
export const webhookFeed = pgTable('webhook_feed', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  position: bigint('position', { mode: 'number' }).notNull().default(0),
});
