import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { holdsBack } from '../../pauses/pause-row.ts';
import { movePublications } from '../store/decide-and-write.ts';

const batchMax = 500;

/**
 * Lets go on what is held for a reason that is over. Connecting an account and lifting a stop let go what they find; a publisher that
 * had looked just before writes its wait just after, and would be found by nobody. What was under way when its
 * account was disconnected goes on too, to its end. Answers how many.
 */
export async function resumeHeld(deps: Pick<CoreDependencies, 'db' | 'signals' | 'failpoints'>): Promise<number> {
  if (!deps.failpoints.has('sweeper')) return 0;
  let resumed = 0;
  for (let batch = batchMax; batch === batchMax; resumed += batch) batch = await resumeSome(deps);
  if (resumed > 0) deps.signals.dispatchSoon();
  return resumed;
}

/** What is locked is being written by somebody: the next run sees it. */
async function resumeSome(deps: Pick<CoreDependencies, 'db'>): Promise<number> {
  return deps.db.asKeyedWorker(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      select p.id from publications p
      join accounts a on a.id = p.account_id
      join grants g on g.id = a.grant_id
      where p.status = 'waiting' and p.due_at is null and p.lease_until is null and (
        p.waiting_reason in ('token', 'reconciling') and (
          a.status = 'active' and g.dead_at is null or a.status = 'disconnected' and (p.intent_at is not null or not p.committed))
        or p.waiting_reason = 'paused' and not exists (select 1 from pauses s where ${holdsBack}))
      order by p.id limit ${batchMax} for update of p skip locked`);
    const moves = await movePublications(
      tx,
      rows.map(({ id }) => id),
      () => ({ type: 'resume', reasons: ['token', 'paused'] }),
    );
    return moves.filter(({ transition }) => transition.kind === 'moved').length;
  });
}
