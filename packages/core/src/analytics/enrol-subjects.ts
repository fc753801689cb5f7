import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { CoreDependencies } from '../core-dependencies.ts';
import { sql } from 'drizzle-orm';
import { deniedReadMs } from './read-schedule.ts';

const batchRows = 2_000;

/**
 * Makes a subject of each account, and of each publication that was published in the last year: they are due at once. Publications are
 * looked for from a week before the newest that is known, as some are confirmed late; what is older was found by an earlier run.
 * @returns how many there were
 */
export async function enrolSubjects({ db }: Pick<CoreDependencies, 'db'>, signal?: AbortSignal): Promise<number> {
  const { rowCount } = await db.asWorker((tx) =>
    tx.execute(sql`
      insert into metric_subjects (organization_id, account_id, platform, began_at, due_at)
      select a.organization_id, a.id, a.platform, a.created_at, statement_timestamp() from accounts a
      where a.status <> 'disconnected' and not exists (
        select 1 from metric_subjects s where s.organization_id = a.organization_id and s.account_id = a.id and s.publication_id is null)
      on conflict do nothing`),
  );
  let enrolled = rowCount ?? 0;
  await resumeConnected(db);
  for (;;) {
    if (signal?.aborted === true) return enrolled;
    const found = await enrolPublications(db);
    enrolled += found;
    if (found < batchRows) return enrolled;
  }
}

/**
 * An account was connected anew: what could not be read before, or was denied, is due at once. What another run has just taken is due in
 * an hour, and stays so.
 */
async function resumeConnected(db: CoreDependencies['db']): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update metric_subjects s set due_at = statement_timestamp(), not_before = null
      from accounts a join grants g on g.organization_id = a.organization_id and g.id = a.grant_id
      join metric_subjects o on o.organization_id = a.organization_id and o.account_id = a.id and o.publication_id is null
      where g.created_at > statement_timestamp() - interval '1 day' and a.status = 'active'
        and s.account_id = a.id and s.organization_id = a.organization_id and s.due_at > statement_timestamp() + interval '61 minutes'
        and case when s.not_before is null or s.not_before <= statement_timestamp()
          then s.failures = 0 and (s.read_at is null or s.read_at < g.created_at)
          else coalesce(o.posts_denied, o.account_denied) is not null
            and s.not_before < g.created_at + ${deniedReadMs} * interval '1 millisecond' end`),
  );
}

/**
 * Somebody asks for the newest numbers now: posts of the last week and accounts are due at once, where nothing is billed and their platform
 * has not said when to ask again. What failed keeps its wait.
 * @param platforms that may be asked at any time
 */
export async function bringForward(
  { db }: Pick<CoreDependencies, 'db'>,
  platforms: readonly PlatformId[],
): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update metric_subjects set due_at = statement_timestamp()
      where platform = any(${sql.param(platforms)}::text[]) and due_at > statement_timestamp() and failures = 0 and read_at is not null
        and (publication_id is null or began_at > statement_timestamp() - interval '7 days')
        and (not_before is null or not_before <= statement_timestamp())`),
  );
}

async function enrolPublications(db: CoreDependencies['db']): Promise<number> {
  const { rowCount } = await db.asWorker((tx) =>
    tx.execute(sql`
      insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, due_at)
      select p.organization_id, p.account_id, p.id, p.platform, p.published_at, statement_timestamp() from publications p
      where p.status = 'published' and p.platform_post_id is not null
        and p.published_at > greatest(statement_timestamp() - interval '365 days', (
          select max(began_at) - interval '7 days' from metric_subjects where publication_id is not null))
        and not exists (select 1 from metric_subjects s where s.organization_id = p.organization_id and s.publication_id = p.id)
      order by p.published_at limit ${batchRows}
      on conflict do nothing`),
  );
  return rowCount ?? 0;
}
