import { processedRecord } from '@vibetribe/db/schema/service';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';

/**
 * What was sent until now counts as processed no more. The sends themselves stay: limits are counted from them, and the engine knows by
 * them what is out. @throws DomainError `forbidden`
 */
export async function clearProcessed(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<void> {
  requireRight(actor, 'service:manage');
  await deps.db.asWorker((tx) => tx.update(processedRecord).set({ clearedAt: sql`clock_timestamp()` }));
}
