import { apiKeys } from '@vibetribe/db/schema/identity';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from './authorize.ts';
import { withinLimits } from './present-api-key.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** Ends a key of the organization, everywhere and at once. @throws DomainError `forbidden`, `not_found` */
export async function revokeApiKey(
  deps: Pick<IdentityDependencies, 'db' | 'revocations'>,
  actor: Actor,
  { keyId }: { readonly keyId: string },
): Promise<void> {
  requireRight(actor, 'keys:manage');
  const [revoked] = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKeys.id, keyId), isNull(apiKeys.revokedAt), withinLimits(actor)))
      .returning({ id: apiKeys.id }),
  );
  if (revoked === undefined) throw notFound('API key');
  deps.revocations.announce({ kind: 'key', keyId });
}
