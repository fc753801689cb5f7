import { sql } from 'drizzle-orm';
import { bigint, date, doublePrecision, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const metricDefinitions = pgTable('metric_definitions', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  platform: text('platform').notNull(),
  metric: text('metric').notNull(),
  source: text('source').notNull(),
  version: text('version').notNull(),
});

export const metricSubjects = pgTable('metric_subjects', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  organizationId: text('organization_id').notNull(),
  accountId: text('account_id').notNull(),
  publicationId: text('publication_id'),
  platform: text('platform').notNull(),
  beganAt: at('began_at').notNull(),
  dueAt: at('due_at'),
  state: text('state', { enum: ['unread', 'read', 'gone', 'ended'] })
    .notNull()
    .default('unread'),
  readAt: at('read_at'),
  unchanged: integer('unchanged').notNull().default(0),
  failures: integer('failures').notNull().default(0),
  postsDenied: text('posts_denied'),
  accountDenied: text('account_denied'),
  notBefore: at('not_before'),
  views: doublePrecision('views'),
  engagedViews: doublePrecision('engaged_views'),
  impressions: doublePrecision('impressions'),
  reach: doublePrecision('reach'),
  reactions: doublePrecision('reactions'),
  comments: doublePrecision('comments'),
  reposts: doublePrecision('reposts'),
  quotes: doublePrecision('quotes'),
  shares: doublePrecision('shares'),
  saves: doublePrecision('saves'),
  clicks: doublePrecision('clicks'),
  profileVisits: doublePrecision('profile_visits'),
  followsGained: doublePrecision('follows_gained'),
  watchTimeMs: doublePrecision('watch_time_ms'),
  averageWatchMs: doublePrecision('average_watch_ms'),
  /** Written by the database: see the migration. */
  interactions: doublePrecision('interactions').generatedAlwaysAs(sql`...`),
});

export const metricLatest = pgTable(
  'metric_latest',
  {
    subjectId: bigint('subject_id', { mode: 'number' }).notNull(),
    capturedAt: at('captured_at').notNull(),
    value: doublePrecision('value'),
    definitionId: integer('definition_id').notNull(),
    metric: text('metric').notNull(),
    organizationId: text('organization_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.subjectId, table.metric] })],
);

export const metricSnapshots = pgTable(
  'metric_snapshots',
  {
    subjectId: bigint('subject_id', { mode: 'number' }).notNull(),
    capturedAt: at('captured_at').notNull(),
    value: doublePrecision('value'),
    definitionId: integer('definition_id').notNull(),
    organizationId: text('organization_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.subjectId, table.definitionId, table.capturedAt] })],
);

export const organizationCosts = pgTable(
  'organization_costs',
  {
    organizationId: text('organization_id').notNull(),
    platform: text('platform').notNull(),
    month: date('month').notNull(),
    micros: bigint('micros', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.platform, table.month] })],
);

export const metricCosts = pgTable(
  'metric_costs',
  {
    platform: text('platform').notNull(),
    month: date('month').notNull(),
    micros: bigint('micros', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.platform, table.month] })],
);
