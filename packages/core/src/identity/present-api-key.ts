import { type ApiKey, ApiKeyScope } from '@vibetribe/contracts/auth';
import { apiKeys } from '@vibetribe/db/schema/identity';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';

/** The columns that may leave the server; the hash is not among them. */
export const apiKeyColumns = {
  id: apiKeys.id,
  name: apiKeys.name,
  last4: apiKeys.last4,
  scopes: apiKeys.scopes,
  accountIds: apiKeys.accountIds,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  lastUsedAt: apiKeys.lastUsedAt,
};

/** Keys that the actor may see and end: to one that is limited to some accounts, those that reach no other. */
export function withinLimits({ accountIds }: Pick<Actor, 'accountIds'>): SQL | undefined {
  return accountIds === null ? undefined : sql`${apiKeys.accountIds} <@ ${sql.param([...accountIds])}::text[]`;
}

type ApiKeyRow = Pick<typeof apiKeys.$inferSelect, keyof typeof apiKeyColumns>;

export function presentApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    last4: row.last4,
    scopes: ApiKeyScope.array().parse(row.scopes),
    accountIds: row.accountIds,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
