import type { EventType } from '@vibetribe/contracts/event-type';
import { sql } from 'drizzle-orm';
import { bigint, boolean, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const events = pgTable('events', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  organizationId: text('organization_id').notNull(),
  postId: text('post_id'),
  publicationId: text('publication_id'),
  type: text('type').$type<EventType>().notNull(),
  message: text('message').notNull(),
  data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
  at: at('at').notNull(),
});

/** One row. `cleanedTo`: the highest id that the clean-up has deleted. */
export const eventLog = pgTable('event_log', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  cleanedTo: bigint('cleaned_to', { mode: 'number' }).notNull().default(0),
});

export const notifications = pgTable('notifications', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  kind: text('kind').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
  createdAt: at('created_at').notNull().defaultNow(),
  readAt: at('read_at'),
  accountId: text('account_id').generatedAlwaysAs(sql`data ->> 'accountId'`),
});
