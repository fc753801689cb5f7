import type { MediaFacts } from '@vibetribe/media-rules/media-facts';
import { bigint, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const media = pgTable('media', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  publicId: text('public_id').notNull(),
  kind: text('kind', { enum: ['image', 'video', 'document'] }).notNull(),
  mimeType: text('mime_type').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  width: integer('width'),
  height: integer('height'),
  durationMs: integer('duration_ms'),
  alt: text('alt'),
  createdAt: at('created_at').notNull().defaultNow(),
  objectId: text('object_id'),
  fileName: text('file_name'),
  uploadedBy: text('uploaded_by'),
  lastUsedAt: at('last_used_at'),
});

export const mediaObjects = pgTable('media_objects', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  store: text('store', { enum: ['local', 'cloudinary'] }).notNull(),
  storeKey: text('store_key').notNull(),
  mimeType: text('mime_type').notNull().$type<MediaFacts['mimeType']>(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  facts: jsonb('facts').notNull().$type<MediaFacts>(),
  storedAt: at('stored_at'),
  touchedAt: at('touched_at').notNull().defaultNow(),
  createdAt: at('created_at').notNull().defaultNow(),
  /** Its file is being removed from the store: nobody finds it any more. */
  removingAt: at('removing_at'),
});

/** Room for files that are on their way in. */
export const mediaTransfers = pgTable('media_transfers', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  startedAt: at('started_at').notNull().defaultNow(),
});

export const mediaQuotas = pgTable('media_quotas', {
  organizationId: text('organization_id').primaryKey(),
  bytesMax: bigint('bytes_max', { mode: 'number' }).notNull(),
});
