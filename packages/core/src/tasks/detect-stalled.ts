import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { movePublications } from '../publishing/move-publications.ts';

export interface Stalled extends Readonly<Record<string, unknown>> {
  /** Due for more than two minutes, and no publisher holds or expects them. */
  readonly overdue: number;
  /** Held by a publisher whose lease ended more than two minutes ago. */
  readonly abandoned: number;
  /** Waited for an account that is connected, and go on now. */
  readonly resumed: number;
}

const resumedMax = 1_000;

/**
 * A second pair of eyes: the publishers find what is due by themselves, so anything seen here means that they do not run or do not keep up.
 * Wakes their dispatchers, and lets go on what waits for a token although its account is connected.
 */
export async function runStalledDetection(deps: Pick<CoreDependencies, 'db' | 'logger' | 'signals'>): Promise<Stalled> {
  const { overdue, abandoned } = await count(deps);
  const resumed = await resumeConnected(deps);
  const stalled = { overdue, abandoned, resumed };
  if (overdue + abandoned > 0) deps.logger.warn({ stalled }, 'publications are stalled: do publishers run?');
  if (overdue + abandoned + resumed > 0) deps.signals.dispatchSoon();
  return stalled;
}

async function count(deps: Pick<CoreDependencies, 'db'>): Promise<{ overdue: number; abandoned: number }> {
  const { rows } = await deps.db.asWorker((tx) =>
    tx.execute<{ overdue: number; abandoned: number }>(sql`
      select
        (select count(*)::int from publications
          where due_at < statement_timestamp() - interval '2 minutes' and lease_until is null
            and (armed_until is null or armed_until < statement_timestamp())) as overdue,
        (select count(*)::int from publications where lease_until < statement_timestamp() - interval '2 minutes') as abandoned`),
  );
  return rows[0] ?? { overdue: 0, abandoned: 0 };
}

/** A publisher that learnt of a dead grant while its account was being connected anew writes its wait too late to be resumed by it. */
async function resumeConnected(deps: Pick<CoreDependencies, 'db'>): Promise<number> {
  return deps.db.asWorker(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      select p.id from publications p
      join accounts a on a.organization_id = p.organization_id and a.id = p.account_id and a.status = 'active'
      join grants g on g.organization_id = a.organization_id and g.id = a.grant_id and g.dead_at is null
      where p.status = 'waiting' and p.due_at is null and p.waiting_reason in ('token', 'reconciling')
      order by p.id limit ${resumedMax}`);
    const moves = await movePublications(
      tx,
      rows.map(({ id }) => id),
      () => ({ type: 'resume', reasons: ['token'] }),
    );
    return moves.filter(({ step }) => step.kind === 'moved').length;
  });
}
