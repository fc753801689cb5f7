import { bigint, boolean, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const organizations = pgTable('organizations', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
});

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  passwordHash: text('password_hash').notNull(),
  serviceAdmin: boolean('service_admin').notNull().default(false),
  lastOrganizationId: text('last_organization_id'),
  createdAt: at('created_at').notNull().defaultNow(),
});

export const memberships = pgTable(
  'memberships',
  {
    organizationId: text('organization_id').notNull(),
    userId: text('user_id').notNull(),
    role: text('role', { enum: ['viewer', 'editor', 'admin', 'owner'] }).notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.userId] })],
);

export const sessions = pgTable('sessions', {
  id: text('id').primaryKey(),
  familyId: text('family_id').notNull(),
  kind: text('kind', { enum: ['token', 'cookie'] })
    .notNull()
    .default('token'),
  userId: text('user_id').notNull(),
  organizationId: text('organization_id').notNull(),
  tokenHash: text('token_hash').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
  revokedAt: at('revoked_at'),
});

export const apiKeys = pgTable('api_keys', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  userId: text('user_id'),
  name: text('name').notNull(),
  purpose: text('purpose', { enum: ['user', 'demo'] })
    .notNull()
    .default('user'),
  keyHash: text('key_hash').notNull(),
  last4: text('last4').notNull(),
  role: text('role', { enum: ['viewer', 'editor', 'admin', 'owner'] }).notNull(),
  scopes: text('scopes').array().notNull(),
  accountIds: text('account_ids').array(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at'),
  lastUsedAt: at('last_used_at'),
  revokedAt: at('revoked_at'),
});

export const liveTickets = pgTable('live_tickets', {
  tokenHash: text('token_hash').primaryKey(),
  organizationId: text('organization_id').notNull(),
  userId: text('user_id'),
  sessionFamilyId: text('session_family_id'),
  apiKeyId: text('api_key_id'),
  expiresAt: at('expires_at').notNull(),
});

export const invitations = pgTable('invitations', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  email: text('email').notNull(),
  role: text('role', { enum: ['viewer', 'editor', 'admin', 'owner'] }).notNull(),
  tokenHash: text('token_hash').notNull(),
  /** `Actor.principal`. */
  invitedBy: text('invited_by').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
});

/** Written by triggers: see the migration. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    id: bigint('id', { mode: 'number' }).notNull(),
    organizationId: text('organization_id').notNull(),
    at: at('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    target: text('target').notNull(),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.id] })],
);

export const mailedLinks = pgTable('mailed_links', {
  tokenHash: text('token_hash').primaryKey(),
  purpose: text('purpose', { enum: ['password_reset', 'email_change'] }).notNull(),
  email: text('email').notNull(),
  /** Of an email change. */
  userId: text('user_id'),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
});
