import { pauses } from '@vibetribe/db/schema/service';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { notFound } from '../domain-error.ts';
import { requireAllAccounts, requireRight } from '../identity/authorize.ts';
import { resumeWaiting } from '../publishing/dispatch/resume-waiting.ts';
import { actAs } from '../audit/act-as.ts';
import { findPause } from './pause-row.ts';

/** Lifts a pause and resumes what it kept back and no other pause does. @throws DomainError `forbidden`, `not_found` */
export async function liftPause(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'failpoints'>,
  actor: Actor,
  { pauseId }: { readonly pauseId: string },
): Promise<void> {
  const pause = await deps.db.asWorker((tx) => findPause(tx, actor, pauseId));
  requireRight(actor, pause.organizationId === null ? 'service:manage' : 'accounts:manage');
  if (pause.accountId === null) requireAllAccounts(actor);
  const lifted = await deps.db.asWorker(async (tx) => {
    await actAs(tx, actor.principal);
    return tx
      .update(pauses)
      .set({ liftedAt: sql`clock_timestamp()` })
      .where(and(eq(pauses.id, pauseId), isNull(pauses.liftedAt)))
      .returning({ id: pauses.id });
  });
  if (lifted.length === 0) throw notFound('pause');
  await resumeWaiting(deps);
}
