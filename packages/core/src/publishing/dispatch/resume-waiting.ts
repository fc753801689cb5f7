import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { holdsBack } from '../../pauses/pause-row.ts';
import { defaultMisfire } from '../claim/decide-gate.ts';
import { refusedMaxMs } from '../reconcile/decide-finding.ts';
import { movePublications } from '../store/decide-and-write.ts';

const batchMax = 500;

/**
 * Resumes publications that wait without a time although nothing holds them back any more. Lifting a pause and connecting an account resume
 * what waits at that moment. A publisher that read the pause just before its end writes the wait just after it, and only this sweep finds
 * that row. It also ends what was being sent when its account was disconnected. It lets the gate decide on a post that has waited too long
 * for its account. A send in doubt whose account stays away for a day is left to a person.
 * @returns how many were resumed
 */
export async function resumeWaiting(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'failpoints'>,
  signal?: AbortSignal,
): Promise<number> {
  if (!deps.failpoints.has('sweeper')) return 0;
  let resumed = 0;
  for (let batch = batchMax; batch === batchMax && signal?.aborted !== true; resumed += batch)
    batch = await resumeSome(deps);
  if (resumed > 0) deps.signals.dispatchSoon();
  return resumed;
}

/** Of `posts po`. Where the gate thinks otherwise, it says until when the post waits. */
const maxLateSeconds = sql`coalesce((po.misfire ->> 'maxLateSeconds')::float8,
  case when po.misfire ->> 'policy' in ('skip', 'ask') then 60 else ${defaultMisfire.maxLateSeconds} end)`;

/** Skips rows that somebody else is writing; the next run sees them. */
async function resumeSome(deps: Pick<CoreDependencies, 'db'>): Promise<number> {
  return deps.db.asKeyedWorker(async (tx) => {
    const rows = await queryRows(tx, { id: column.text })`
      select p.id from publications p
      join accounts a on a.id = p.account_id
      join grants g on g.id = a.grant_id
      join posts po on po.id = p.post_id
      where p.status = 'waiting' and p.due_at is null and p.lease_until is null and (
        p.waiting_reason in ('token', 'reconciling') and (
          a.status = 'active' and g.dead_at is null or a.status = 'disconnected')
        or p.waiting_reason = 'token' and not p.committed and p.intent_at is null
          and p.scheduled_at < statement_timestamp() - make_interval(secs => ${maxLateSeconds})
        or p.waiting_reason = 'reconciling' and p.intent_at < statement_timestamp() - ${refusedMaxMs} * interval '1 millisecond'
        or p.waiting_reason = 'paused' and not exists (select 1 from pauses s where ${holdsBack}))
      order by p.id limit ${batchMax} for update of p skip locked`;
    const moves = await movePublications(
      tx,
      rows.map(({ id }) => id),
      () => ({ type: 'resume', reasons: ['token', 'paused'] }),
    );
    return moves.filter(({ transition }) => transition.kind === 'moved').length;
  });
}
