import type { AnalyticsSummary, FollowerCount, SummaryGroup, SummaryPart } from '@vibetribe/contracts/analytics';
import { MetricName } from '@vibetribe/contracts/metric';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { type SQL, sql } from 'drizzle-orm';
import { findAccount } from '../accounts/read/get-account.ts';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { onClocks, periodOf, readPreviousFrom, withTimezone } from './analytics-period.ts';
import { isOfAskedAccount } from './asked-accounts.ts';
import { readCosts } from './metric-costs.ts';
import { columnOf, postMetrics } from './present-metrics.ts';
import { type GroupRow, partOf, rateBases } from './summary-part.ts';

export interface GetSummary {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly groupBy?: SummaryGroup | undefined;
  readonly accountId?: string | undefined;
  readonly timezone: string;
}

interface Asked {
  readonly from: Date;
  readonly to: Date;
  readonly previousFrom: Date;
  /** Of `metric_subjects s`. */
  readonly accounts: SQL;
}

/**
 * What came of the posts that were published in a period, beside those of the period before. The numbers are the last ones of each post.
 * @throws DomainError `not_found`, `validation_failed`
 */
export async function getSummary(
  deps: Pick<CoreDependencies, 'db' | 'clock' | 'adapters' | 'metricsMonthlyUsd'>,
  actor: Actor,
  { accountId, groupBy, timezone, ...period }: GetSummary,
): Promise<AnalyticsSummary> {
  requireRight(actor, 'analytics:read');
  const { from, to } = periodOf(period, deps.clock.now());
  if (accountId !== undefined) await findAccount(deps, actor, accountId);
  const costs = await readCosts(deps, actor, await billedPlatforms(deps, actor, accountId));
  return withTimezone(() =>
    deps.db.asTenant(actor.organizationId, async (tx) => {
      const previousFrom = await readPreviousFrom(tx, { from, to }, timezone);
      const asked = { from, to, previousFrom, accounts: isOfAskedAccount(actor, accountId) };
      const shown = groupBy === 'account' ? await largestAccounts(tx, actor, asked) : null;
      const rows = await readNumbers(tx, actor, asked, keyFor(groupBy, timezone, asked, shown));
      const groups = groupBy === undefined ? new Map<string, GroupRow[]>() : Map.groupBy(rows, ({ key }) => key);
      groups.delete(otherAccounts);
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        previousFrom: previousFrom.toISOString(),
        timezone,
        groupBy: groupBy ?? null,
        ...partOf(rows),
        followers: await readFollowers(tx, actor, asked),
        groups: [...groups]
          .toSorted(([one], [other]) => inOrder(one, other))
          .map(([key, of]): SummaryPart => ({ key, ...partOf(of) })),
        costs,
      };
    }),
  );
}

/** The platforms that charge for reading and on which the summary has an account. */
async function billedPlatforms(
  { db, adapters }: Pick<CoreDependencies, 'db' | 'adapters'>,
  actor: Actor,
  accountId: string | undefined,
): Promise<PlatformId[]> {
  const billed = PlatformId.options.filter((platform) => adapters[platform].metrics?.cost !== undefined);
  const rows = await db.asTenant(
    actor.organizationId,
    (tx) =>
      queryRows(tx, { platform: PlatformId })`
      select distinct s.platform from (select id as account_id, platform, organization_id, status from accounts) s
      where s.organization_id = ${actor.organizationId} and s.platform = any(${sql.param(billed)}::text[])
        and s.status <> 'disconnected' and ${isOfAskedAccount(actor, accountId)}`,
  );
  return rows.map(({ platform }) => platform);
}

/** Of accounts no more are told one by one, nor followers of more; platforms, hours and the days of a year are never so many. */
const accountsMax = 1_000;
/** No account has this id. */
const otherAccounts = '';

/** The accounts with the most posts in both periods. Null: the summary shows every account. */
async function largestAccounts(
  tx: Transaction,
  { organizationId }: Actor,
  { to, previousFrom, accounts }: Asked,
): Promise<string[] | null> {
  const [counted] = await queryRows(tx, { isMore: column.boolean })`
    select count(*) > ${accountsMax} as "isMore"
    from (select 1 from accounts a where a.organization_id = ${organizationId} limit ${accountsMax + 1}) first_ones`;
  if (counted?.isMore !== true) return null;
  const rows = await queryRows(tx, { id: column.text })`
    select s.account_id as id from metric_subjects s
    where ${ofBothPeriods(organizationId, to, previousFrom)} and ${accounts}
    group by 1 order by count(*) desc, 1 limit ${accountsMax}`;
  return rows.map(({ id }) => id);
}

/** Posts, as a condition on `metric_subjects s`. */
function ofBothPeriods(organizationId: string, to: Date, previousFrom: Date): SQL {
  return sql`s.organization_id = ${organizationId} and s.publication_id is not null
    and s.began_at >= ${previousFrom.toISOString()}::timestamptz and s.began_at < ${to.toISOString()}::timestamptz`;
}

/** The group that a post is counted in. A day of the previous period counts under the day that it is compared with. */
function keyFor(
  groupBy: SummaryGroup | undefined,
  timezone: string,
  { from, previousFrom }: Asked,
  shownAccounts: readonly string[] | null,
): SQL {
  switch (groupBy) {
    case undefined:
      return sql`''::text`;
    case 'platform':
      return sql`s.platform`;
    case 'account':
      if (shownAccounts === null) return sql`s.account_id`;
      return sql`case when s.account_id = any(${sql.param([...shownAccounts])}::text[]) then s.account_id else ${otherAccounts}::text end`;
    case 'hour':
      return sql`extract(hour from s.began_at at time zone ${timezone})::int::text`;
    case 'day': {
      const length = sql`${onClocks(from, timezone)} - ${onClocks(previousFrom, timezone)}`;
      const shift = sql`case when s.began_at < ${from.toISOString()}::timestamptz then ${length} else interval '0' end`;
      return sql`to_char(s.began_at at time zone ${timezone} + ${shift}, 'YYYY-MM-DD')`;
    }
  }
}

const summed = sql.join(
  postMetrics.map(
    (metric) => sql`'${sql.raw(metric)}', jsonb_build_array(${totalOf(metric)}, count(w.${columnOf(metric)}))`,
  ),
  sql`, `,
);
const rated = sql.join(
  rateBases.map((metric) => {
    const both = sql`filter (where w.${columnOf(metric)} > 0 and w.interactions is not null)`;
    return sql`'${sql.raw(metric)}', jsonb_build_array(sum(w.interactions) ${both}, sum(w.${columnOf(metric)}) ${both}, count(*) ${both})`;
  }),
  sql`, `,
);

const groupColumns = {
  key: column.text,
  platform: PlatformId,
  isNow: column.boolean,
  posts: column.number,
  sums: column.json<GroupRow['sums']>(),
  rates: column.json<GroupRow['rates']>(),
};

/** One row for each key, platform and period, out of the posts' last numbers. */
async function readNumbers(
  tx: Transaction,
  { organizationId }: Actor,
  { from, to, previousFrom, accounts }: Asked,
  key: SQL,
): Promise<GroupRow[]> {
  return queryRows(tx, groupColumns)`
    select w.key, w.platform, w.is_now as "isNow", count(*)::int as posts, jsonb_build_object(${summed}) as sums, jsonb_build_object(${rated}) as rates
    from (
      select s.*, ${key} as key, s.began_at >= ${from.toISOString()}::timestamptz as is_now from metric_subjects s
      where ${ofBothPeriods(organizationId, to, previousFrom)} and ${accounts}) w
    group by 1, 2, 3`;
}

/** An average is not added up, but averaged. */
function totalOf(metric: MetricName): SQL {
  const of = sql`w.${columnOf(metric)}`;
  return metric === 'averageWatchMs' ? sql`avg(${of})` : sql`sum(${of})`;
}

const followerColumns = {
  accountId: column.text,
  platform: PlatformId,
  value: column.number,
  change: column.numberOrNull,
  capturedAt: column.text,
};

/** Compares only numbers of the newest definition: what an older one counted is left out. None read in the period tells no change. */
async function readFollowers(
  tx: Transaction,
  { organizationId }: Actor,
  { from, to, accounts }: Asked,
): Promise<FollowerCount[]> {
  const lastBefore = (time: Date) => sql`
    select n.value, n.captured_at from metric_snapshots n
    where n.subject_id = s.id and n.definition_id = l.definition_id and n.value is not null and n.captured_at < ${time.toISOString()}::timestamptz
    order by n.captured_at desc limit 1`;
  return queryRows(tx, followerColumns)`
    select s.account_id as "accountId", s.platform, e.value,
      case when e.captured_at >= ${from.toISOString()}::timestamptz then e.value - b.value end as change, ${isoInstant('e.captured_at')} as "capturedAt"
    from metric_subjects s join metric_latest l on l.subject_id = s.id and l.metric = ${MetricName.enum.followers}
    cross join lateral (${lastBefore(to)}) e left join lateral (${lastBefore(from)}) b on true
    where s.organization_id = ${organizationId} and s.publication_id is null and ${accounts}
    order by s.account_id limit ${accountsMax}`;
}

/** Hours as numbers, everything else as text. */
function inOrder(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
