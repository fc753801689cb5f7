import type { Pause } from '@vibetribe/contracts/pause';
import { pauses } from '@vibetribe/db/schema/service';
import { desc } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { presentPause, visibleTo } from './pause-row.ts';

/** The pauses in force, newest first; there are never many. */
export async function listPauses(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<Pause[]> {
  requireRight(actor, 'accounts:read');
  const rows = await deps.db.asWorker((tx) =>
    tx.select().from(pauses).where(visibleTo(actor)).orderBy(desc(pauses.createdAt)),
  );
  return rows.map(presentPause);
}
