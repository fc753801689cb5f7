import type { ServerMediaLimits } from '@vibetribe/media-rules/media-rules';
import { bigint, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const grants = pgTable('grants', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  platform: text('platform').notNull(),
  service: text('service'),
  /** Ciphertext of the platform adapter's `Credentials`, sealed to this row. */
  credentials: text('credentials').notNull(),
  expiresAt: at('expires_at'),
  scopes: text('scopes').array().notNull().default([]),
  deadAt: at('dead_at'),
  refreshFence: bigint('refresh_fence', { mode: 'number' }).notNull().default(0),
  refreshUntil: at('refresh_until'),
  refreshedAt: at('refreshed_at').notNull().defaultNow(),
  refreshFailures: integer('refresh_failures').notNull().default(0),
  failingSince: at('failing_since'),
  failingToldAt: at('failing_told_at'),
  endingToldOf: at('ending_told_of'),
  endingToldDays: integer('ending_told_days'),
  source: text('source').$type<'oauth' | 'manual'>().notNull().default('oauth'),
  /** See `ConnectedGrant.grantedBy`. */
  grantedBy: text('granted_by'),
  createdAt: at('created_at').notNull().defaultNow(),
});

export const accounts = pgTable('accounts', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  grantId: text('grant_id').notNull(),
  platform: text('platform').notNull(),
  service: text('service').notNull().default(''),
  externalId: text('external_id').notNull(),
  handle: text('handle').notNull(),
  displayName: text('display_name').notNull(),
  serverRules: jsonb('server_rules').$type<{
    textMax: number;
    urlCharacters: number | null;
    media?: ServerMediaLimits;
    software?: string;
    application?: string;
    isForum?: boolean;
  }>(),
  status: text('status', { enum: ['active', 'needs_reauth', 'disconnected'] })
    .notNull()
    .default('active'),
  profileReadAt: at('profile_read_at').notNull().defaultNow(),
  postsClosedUntil: at('posts_closed_until'),
  postsClosedToldAt: at('posts_closed_told_at'),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
});

export const oauthStates = pgTable('oauth_states', {
  stateHash: text('state_hash').primaryKey(),
  organizationId: text('organization_id').notNull(),
  userId: text('user_id'),
  platform: text('platform').notNull(),
  redirectTo: text('redirect_to'),
  /** Ciphertext, sealed to this row. */
  codeVerifier: text('code_verifier').notNull(),
  /** Ciphertext, sealed to this row, of the adapter's `ConsentBegun.pending`; '' for nothing. */
  pending: text('pending').notNull().default(''),
  /** Who began: `Actor.principal`. */
  principal: text('principal'),
  expiresAt: at('expires_at').notNull(),
});

export const consents = pgTable('consents', {
  id: text('id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  /** Who began: `Actor.principal`. */
  principal: text('principal').notNull(),
  platform: text('platform').notNull(),
  stage: text('stage', { enum: ['code', 'page', 'selection'] }).notNull(),
  codeHash: text('code_hash'),
  /** Ciphertext of a `ConnectedGrant`, sealed to this row. */
  grantSealed: text('grant_sealed').notNull(),
  grantedBy: text('granted_by'),
  expiresAt: at('expires_at').notNull(),
});
