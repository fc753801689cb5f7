import type { PublicationError, Variant } from '@vibetribe/contracts/post';
import type { PublicationStatus, WaitingReason } from '@vibetribe/contracts/publication-status';
import { sql } from 'drizzle-orm';
import { bigint, boolean, customType, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const publications = pgTable('publications', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  postId: text('post_id').notNull(),
  accountId: text('account_id').notNull(),
  platform: text('platform').notNull(),
  status: text('status').$type<PublicationStatus>().notNull(),
  variant: jsonb('variant').$type<Variant>().notNull().default({}),
  textKey: text('text_key'),
  scheduledAt: at('scheduled_at'),
  dueAt: at('due_at'),
  attempts: integer('attempts').notNull().default(0),
  retriesUsed: integer('retries_used').notNull().default(0),
  firstFailedAt: at('first_failed_at'),
  fence: bigint('fence', { mode: 'number' }).notNull().default(0),
  leaseUntil: at('lease_until'),
  leaseOwner: text('lease_owner'),
  intentAt: at('intent_at'),
  inDoubtSince: at('in_doubt_since'),
  evidence: text('evidence'),
  committed: boolean('committed').notNull().default(false),
  absentReads: integer('absent_reads').notNull().default(0),
  reconcileTries: integer('reconcile_tries').notNull().default(0),
  generation: integer('generation').notNull().default(0),
  enqueuedUntil: at('enqueued_until'),
  requeues: integer('requeues').notNull().default(0),
  waitingReason: text('waiting_reason').$type<WaitingReason>(),
  waitingDetail: text('waiting_detail'),
  toldWait: jsonb('told_wait').$type<{ reason: WaitingReason; detail: string; times: number; lastAtMs: number }>(),
  platformPostId: text('platform_post_id'),
  url: text('url'),
  publishedAt: at('published_at'),
  error: jsonb('error').$type<PublicationError>(),
  partCount: integer('part_count').notNull().default(1),
  removal: jsonb('removal'),
  edit: jsonb('edit'),
  parts: jsonb('parts').$type<readonly unknown[]>(),
  cardsLookedForAt: at('cards_looked_for_at'),
  postCreatedAt: at('post_created_at').notNull().defaultNow(),
  listedAs: text('listed_as').generatedAlwaysAs(sql`coalesce(waiting_reason, status)`),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

export const attempts = pgTable('attempts', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  publicationId: text('publication_id').notNull(),
  accountId: text('account_id').notNull(),
  platform: text('platform').notNull(),
  step: text('step').notNull(),
  number: integer('number').notNull(),
  fence: bigint('fence', { mode: 'number' }).notNull(),
  startedAt: at('started_at').notNull(),
  endedAt: at('ended_at'),
  outcome: text('outcome'),
});

export const publicationSteps = pgTable(
  'publication_steps',
  {
    organizationId: text('organization_id').notNull(),
    publicationId: text('publication_id').notNull(),
    name: text('name').notNull(),
    effect: text('effect', { enum: ['read', 'idempotent', 'once'] }).notNull(),
    key: jsonb('key'),
    keyedAt: at('keyed_at'),
    result: jsonb('result'),
    doneAt: at('done_at'),
  },
  (table) => [primaryKey({ columns: [table.publicationId, table.name] })],
);

export const linkCards = pgTable(
  'link_cards',
  {
    organizationId: text('organization_id').notNull(),
    publicationId: text('publication_id').notNull(),
    part: integer('part').notNull(),
    url: text('url').notNull(),
    readAt: at('read_at').notNull().defaultNow(),
    title: text('title'),
    description: text('description'),
    pageFault: text('page_fault'),
    pictureFault: text('picture_fault'),
    picture: bytea('picture'),
    pictureFacts: jsonb('picture_facts'),
  },
  (table) => [primaryKey({ columns: [table.publicationId, table.part] })],
);

export const publicationChanges = pgTable('publication_changes', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  publicationId: text('publication_id').notNull(),
  kind: text('kind', { enum: ['remove', 'edit'] }).notNull(),
  content: text('content'),
  version: integer('version').notNull().default(1),
  dueAt: at('due_at').defaultNow(),
  waitingReason: text('waiting_reason'),
  fence: bigint('fence', { mode: 'number' }).notNull().default(0),
  leaseUntil: at('lease_until'),
  leaseOwner: text('lease_owner'),
  intentAt: at('intent_at'),
  partsRemoved: integer('parts_removed').notNull().default(0),
  firstFailedAt: at('first_failed_at'),
  faults: integer('faults').notNull().default(0),
  generation: integer('generation').notNull().default(0),
  enqueuedUntil: at('enqueued_until'),
  createdAt: at('created_at').notNull().defaultNow(),
});
