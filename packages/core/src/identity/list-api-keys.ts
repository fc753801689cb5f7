import type { ApiKey } from '@vibetribe/contracts/auth';
import { apiKeys } from '@vibetribe/db/schema/identity';
import { and, desc, eq, isNull, lt } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from './authorize.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { apiKeyColumns, presentApiKey, withinLimits } from './present-api-key.ts';

/** The organization's keys that are not revoked, newest first, after the id given. */
export async function listApiKeys(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: Actor,
  { limit, afterId }: { limit: number; afterId: string | null },
): Promise<{ items: ApiKey[]; hasMore: boolean }> {
  requireRight(actor, 'keys:manage');
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .select(apiKeyColumns)
      .from(apiKeys)
      .where(
        and(
          eq(apiKeys.organizationId, actor.organizationId),
          isNull(apiKeys.revokedAt),
          withinLimits(actor),
          afterId === null ? undefined : lt(apiKeys.id, afterId),
        ),
      )
      .orderBy(desc(apiKeys.id))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map(presentApiKey), hasMore };
}
