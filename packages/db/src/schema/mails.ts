import { boolean, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const mails = pgTable('mails', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id'),
  kind: text('kind').notNull(),
  recipient: text('recipient').notNull(),
  /** Empty once it has ended. */
  sealed: text('sealed').notNull(),
  forUsersOnly: boolean('for_users_only').notNull().default(false),
  status: text('status').notNull().default('pending'),
  attempts: integer('attempts').notNull().default(0),
  nextAttemptAt: at('next_attempt_at').defaultNow(),
  leaseUntil: at('lease_until'),
  expiresAt: at('expires_at').notNull(),
  lastError: text('last_error'),
  createdAt: at('created_at').notNull().defaultNow(),
  endedAt: at('ended_at'),
});
