import type { BestTimes } from '@vibetribe/contracts/analytics';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { findAccount } from '../accounts/read/get-account.ts';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { withTimezone } from './analytics-period.ts';
import { isOfAskedAccount } from './asked-accounts.ts';

const dayMs = 24 * 3_600_000;
/** Posts of the last half year, but not the youngest: their numbers still grow. */
const days = 180;
const youngestDays = 3;
/** With fewer posts nothing is said of an hour, and nothing of an account. */
const postsPerHourMin = 5;
const postsMin = 30;

const hourColumns = { weekday: column.number, hour: column.number, posts: column.number, index: column.number };

/** How posts did by the hour of the week at which they went out, each against all of its own account. @throws DomainError `not_found`, `validation_failed` */
export async function getBestTimes(
  deps: Pick<CoreDependencies, 'db' | 'clock'>,
  actor: Actor,
  { accountId, timezone }: { readonly accountId?: string | undefined; readonly timezone: string },
): Promise<BestTimes> {
  requireRight(actor, 'analytics:read');
  if (accountId !== undefined) await findAccount(deps, actor, accountId);
  const nowMs = deps.clock.now().getTime();
  const from = new Date(nowMs - days * dayMs);
  const to = new Date(nowMs - youngestDays * dayMs);
  const rows = await withTimezone(() =>
    deps.db.asTenant(
      actor.organizationId,
      (tx) => queryRows(tx, hourColumns)`
        with posts as materialized (
          select s.account_id, s.began_at at time zone ${timezone} as at, s.interactions
          from metric_subjects s
          where s.organization_id = ${actor.organizationId} and s.publication_id is not null and s.interactions is not null
            and s.began_at >= ${from.toISOString()}::timestamptz and s.began_at < ${to.toISOString()}::timestamptz
            and ${isOfAskedAccount(actor, accountId)}
        ), usual as (
          select account_id, avg(interactions) as mean from posts group by 1 having avg(interactions) > 0
        )
        select extract(isodow from p.at)::int as weekday, extract(hour from p.at)::int as hour, count(*)::int as posts,
          avg(p.interactions / u.mean)::float8 as index
        from posts p join usual u on u.account_id = p.account_id group by 1, 2`,
    ),
  );
  const posts = rows.reduce((sum, row) => sum + row.posts, 0);
  return {
    accountId: accountId ?? null,
    timezone,
    measure: 'interactions',
    from: from.toISOString(),
    posts,
    postsMin,
    postsPerHourMin,
    isEnough: posts >= postsMin && rows.some((row) => row.posts >= postsPerHourMin),
    items: rows
      .map((row) => ({ ...row, isEnough: row.posts >= postsPerHourMin }))
      .toSorted((one, other) => Number(other.isEnough) - Number(one.isEnough) || other.index - one.index),
  };
}
