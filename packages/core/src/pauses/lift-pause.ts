import { pauses } from '@vibetribe/db/schema/service';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { movePublications } from '../publishing/move-publications.ts';
import { findPause, inScope, type PauseRow } from './pause-row.ts';

const batchMax = 500;

/** Lifts a stop and lets go what it held; what another stop holds too goes back to waiting when it is claimed. */
export async function liftPause(deps: Pick<CoreDependencies, 'db' | 'signals'>, actor: Actor, id: string): Promise<void> {
  const pause = await deps.db.asWorker((tx) => findPause(tx, actor, id));
  requireRight(actor, pause.organizationId === null ? 'service:manage' : 'accounts:manage');
  const lifted = await deps.db.asWorker((tx) =>
    tx.update(pauses).set({ liftedAt: sql`clock_timestamp()` }).where(and(eq(pauses.id, id), isNull(pauses.liftedAt))).returning({ id: pauses.id }),
  );
  if (lifted.length === 0) throw notFound('stop');
  while ((await releaseSome(deps, pause)) === batchMax);
  deps.signals.eventsCommitted();
  deps.signals.dispatchSoon();
}

async function releaseSome(deps: Pick<CoreDependencies, 'db'>, pause: PauseRow): Promise<number> {
  return deps.db.asWorker(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      select p.id from publications p
      where ${inScope(pause)} and p.status = 'waiting' and p.waiting_reason = 'paused' and p.due_at is null
      order by p.id limit ${batchMax} for update skip locked`);
    await movePublications(tx, rows.map((row) => row.id), () => ({ type: 'resume', reasons: ['paused'] }));
    return rows.length;
  });
}
