import { newId } from '@vibetribe/db/new-id';
import { apiKeys } from '@vibetribe/db/schema/identity';
import { hashApiKey, newApiKey } from '@vibetribe/security/api-key';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** A fresh key with every scope for the organization's demo; the one issued before stops working. */
export async function issueDemoKey(
  deps: Pick<IdentityDependencies, 'db'>,
  { organizationId, userId }: { readonly organizationId: string; readonly userId: string },
): Promise<{ key: string }> {
  const key = newApiKey();
  await deps.db.asTenant(organizationId, async (tx) => {
    await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.purpose, 'demo'), isNull(apiKeys.revokedAt)));
    await tx.insert(apiKeys).values({
      id: newId('apiKey'),
      organizationId,
      userId,
      name: 'Demo',
      purpose: 'demo',
      keyHash: hashApiKey(key),
      last4: key.slice(-4),
      role: 'owner',
      scopes: ['read', 'write', 'admin', 'ops'],
    });
  });
  return { key };
}
