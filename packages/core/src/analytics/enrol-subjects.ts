import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { CoreDependencies } from '../core-dependencies.ts';
import { sql } from 'drizzle-orm';

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
  for (;;) {
    if (signal?.aborted === true) return enrolled;
    const found = await enrolPublications(db);
    enrolled += found;
    if (found < batchRows) return enrolled;
  }
}

/**
 * Somebody asks for the newest numbers now: posts of the last week and accounts are due at once, where they were read a minute ago or longer,
 * nothing is billed, and their platform has not said when to ask again. What failed keeps its wait.
 * @param platforms that may be asked at any time
 */
export async function bringForward(
  { db }: Pick<CoreDependencies, 'db'>,
  platforms: readonly PlatformId[],
): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update metric_subjects set due_at = statement_timestamp()
      where platform = any(${sql.param(platforms)}::text[]) and due_at > statement_timestamp() and failures = 0
        and (publication_id is null or began_at > statement_timestamp() - interval '7 days')
        and read_at < statement_timestamp() - interval '1 minute' and (not_before is null or not_before <= statement_timestamp())`),
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
