import { boolean, date, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    organizationId: text('organization_id').notNull(),
    principal: text('principal').notNull(),
    route: text('route').notNull(),
    key: text('key').notNull(),
    bodyHash: text('body_hash').notNull(),
    state: text('state', { enum: ['in_flight', 'done'] }).notNull(),
    lockedUntil: at('locked_until').notNull(),
    status: integer('status'),
    response: jsonb('response'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.principal, table.route, table.key] })],
);

export const pauses = pgTable('pauses', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id'),
  accountId: text('account_id'),
  reason: text('reason').notNull(),
  createdBy: text('created_by'),
  createdAt: at('created_at').notNull().defaultNow(),
  liftedAt: at('lifted_at'),
});

export const breakers = pgTable('breakers', {
  key: text('key').primaryKey(),
  platform: text('platform').notNull(),
  state: text('state', { enum: ['closed', 'open', 'half_open'] })
    .notNull()
    .default('closed'),
  failures: integer('failures').notNull().default(0),
  openedAt: at('opened_at'),
  retryAt: at('retry_at'),
  lastSuccessAt: at('last_success_at'),
  lastFailureAt: at('last_failure_at'),
});

export const appLimits = pgTable('app_limits', {
  platform: text('platform').primaryKey(),
  closedUntil: at('closed_until'),
  closedToldAt: at('closed_told_at'),
  postsMax: integer('posts_max').notNull().default(0),
  permitsLeft: integer('places_left').notNull().default(0),
  lastPermitAt: at('last_permit_at'),
  probeUntil: at('probe_until'),
  unitsDay: date('units_day'),
  unitsUsed: integer('units_used').notNull().default(0),
});

/** One row. */
export const publisherPresence = pgTable('publisher_presence', {
  id: boolean('id').primaryKey().default(true),
  seenAt: at('seen_at').notNull(),
  backAt: at('back_at').notNull(),
});

/** One row. */
export const processedRecord = pgTable('processed_record', {
  onlyRow: boolean('only_row').primaryKey().default(true),
  clearedAt: at('cleared_at'),
});

export const cronRuns = pgTable('cron_runs', {
  task: text('task').primaryKey(),
  lastSlot: at('last_slot'),
  startedAt: at('started_at'),
  finishedAt: at('finished_at'),
  outcome: text('outcome'),
  detail: jsonb('detail'),
  failures: integer('failures').notNull().default(0),
  succeededAt: at('succeeded_at'),
  overdueAt: at('overdue_at'),
  requestedAt: at('requested_at'),
  schedule: text('schedule'),
});

export const serverClients = pgTable('server_clients', {
  id: text('id').primaryKey(),
  platform: text('platform').notNull(),
  server: text('server').notNull(),
  clientSealed: text('client_sealed').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
});
