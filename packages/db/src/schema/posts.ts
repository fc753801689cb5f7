import type { ThreadPart } from '@vibetribe/contracts/post';
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const posts = pgTable('posts', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  authorUserId: text('author_user_id'),
  content: text('content').notNull(),
  mediaIds: text('media_ids').array().notNull().default([]),
  thread: jsonb('thread').$type<ThreadPart[]>(),
  mediaAlts: jsonb('media_alts').$type<Readonly<Record<string, string | null>>>().notNull().default({}),
  scheduledAt: at('scheduled_at'),
  timezone: text('timezone'),
  priority: text('priority', { enum: ['low', 'normal', 'high'] })
    .notNull()
    .default('normal'),
  misfire: jsonb('misfire').$type<{
    policy: 'late' | 'skip' | 'ask' | 'spread';
    maxLateSeconds?: number | undefined;
  }>(),
  version: integer('version').notNull().default(1),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
  deletedAt: at('deleted_at'),
  scheduledDay: at('scheduled_day').generatedAlwaysAs(
    sql`date_bin('1 day', scheduled_at, timestamptz '2000-01-01 00:00:00+00')`,
  ),
});
