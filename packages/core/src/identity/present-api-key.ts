import { type ApiKey, ApiKeyScope } from '@vibetribe/contracts/auth';
import { apiKeys } from '@vibetribe/db/schema/identity';

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
