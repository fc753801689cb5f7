import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PostStatus } from '@vibetribe/contracts/post-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import { isToldElsewhere, type Signs, signsFor } from './post-signs.ts';

/** Where a page ended: when its last post was made, in whole microseconds since the epoch, and its id. */
export interface PostCursor {
  readonly createdAtMicros: string;
  readonly id: string;
}

export interface PostFilter {
  readonly status?: PostStatus | undefined;
  /** Of `scheduledAt`, ISO 8601: from the first, before the second. Posts without a time are in no range. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Posts that go to this account; together with `platform` both must hold of one publication. */
  readonly accountId?: string | undefined;
  readonly platform?: PlatformId | undefined;
}

/** Rows `(created_at, id)` of posts that may belong to the page, newest first, none left out before the last of them. */
export interface Candidates {
  readonly rows: (after: PostCursor | null, count: number) => SQL;
  /** One statement finds all that match: it takes no second one with more of them. */
  readonly isExact: boolean;
  /** All of them go to the account and platform of the filter. */
  readonly isOfPlace: boolean;
}

/** So many posts of a range are sorted; more are walked in the order of the list. */
const sortedMax = 1_000;
/** Of a range that is walked day by day. */
const daysMax = 400;
const dayMs = 24 * 3_600_000;

/**
 * The way to the posts of a page that reads the fewest: never one by which an organization with many posts would have them all read.
 * Whatever is found is held against the whole filter by the caller.
 */
export async function chooseCandidates(tx: Transaction, actor: Actor, filter: PostFilter): Promise<Candidates> {
  const range = filter.from === undefined && filter.to === undefined ? null : await measureRange(tx, actor, filter);
  if (range !== null && range.count <= sortedMax)
    return { rows: sorted(actor, filter), isExact: true, isOfPlace: false };
  const isOfPlace = filter.status === undefined || !isToldElsewhere.has(filter.status);
  const way = isOfPlace ? filter : { status: filter.status };
  if (way.accountId !== undefined || actor.accountIds !== null)
    return { rows: byAccount(actor, way), isExact: false, isOfPlace };
  if (way.status !== undefined || way.platform !== undefined)
    return { rows: byPlatform(actor, way), isExact: false, isOfPlace };
  if (range !== null && range.days <= daysMax)
    return { rows: byDay(actor, filter, range), isExact: true, isOfPlace: false };
  return { rows: listing(actor), isExact: false, isOfPlace: false };
}

interface Range {
  /** Of its posts, one more than are sorted at the most. */
  readonly count: number;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
}

async function measureRange(tx: Transaction, actor: Actor, filter: PostFilter): Promise<Range> {
  const own = sql`o.organization_id = ${actor.organizationId} and o.deleted_at is null and ${inRange(filter)}`;
  const [found] = await queryRows(tx, {
    count: column.number,
    firstMs: column.numberOrNull,
    lastMs: column.numberOrNull,
  })`
    select (select count(*)::int from (select 1 from posts o where ${own} limit ${sortedMax + 1}) counted) as count,
      (select floor(extract(epoch from o.scheduled_at) * 1000)::float8 from posts o where ${own} order by o.scheduled_at limit 1) as "firstMs",
      (select floor(extract(epoch from o.scheduled_at) * 1000)::float8 from posts o where ${own} order by o.scheduled_at desc limit 1) as "lastMs"`;
  const [first, last] = [found?.firstMs ?? 0, found?.lastMs ?? 0].map((at) => Math.floor(at / dayMs) * dayMs);
  return {
    count: found?.count ?? 0,
    firstDay: isoOf(first),
    lastDay: isoOf(last),
    days: ((last ?? 0) - (first ?? 0)) / dayMs + 1,
  };
}

function isoOf(ms: number | undefined): string {
  return new Date(ms ?? 0).toISOString();
}

/** Of `posts o`. */
export function inRange({ from, to }: Pick<PostFilter, 'from' | 'to'>): SQL {
  const bound = (time: string) => sql`to_timestamp(${Date.parse(time) / 1000}::float8)`;
  return sql`o.scheduled_at is not null${from === undefined ? sql`` : sql` and o.scheduled_at >= ${bound(from)}`}${
    to === undefined ? sql`` : sql` and o.scheduled_at < ${bound(to)}`
  }`;
}

/** The range as a whole, sorted: `materialized`, or the planner takes the order of the list and reads up to all of it. */
function sorted(actor: Actor, filter: PostFilter): Candidates['rows'] {
  return (after) => sql`
    with ranged as materialized (
      select o.created_at, o.id from posts o
      where o.organization_id = ${actor.organizationId} and o.deleted_at is null and ${inRange(filter)})
    select r.created_at, r.id from ranged r where ${olderThan(after, sql`r.created_at`, sql`r.id`)}`;
}

function byDay(actor: Actor, filter: PostFilter, { firstDay, lastDay }: Range): Candidates['rows'] {
  return (after, count) => sql`
    select c.created_at, c.id
    from generate_series(${firstDay}::timestamptz, ${lastDay}::timestamptz, interval '24 hours') day
    cross join lateral (
      select o.created_at, o.id from posts o
      where o.organization_id = ${actor.organizationId} and o.deleted_at is null and ${inRange(filter)}
        and o.scheduled_day = day
        and ${olderThan(after, sql`o.created_at`, sql`o.id`)}
      order by o.created_at desc, o.id desc limit ${count}) c
    order by c.created_at desc, c.id desc limit ${count}`;
}

function listing(actor: Actor): Candidates['rows'] {
  return (after, count) => sql`
    select o.created_at, o.id from posts o
    where o.organization_id = ${actor.organizationId} and o.deleted_at is null and ${olderThan(after, sql`o.created_at`, sql`o.id`)}
    order by o.created_at desc, o.id desc limit ${count}`;
}

function byAccount(actor: Actor, { status, accountId, platform }: PostFilter): Candidates['rows'] {
  const accountIds = accountId === undefined ? (actor.accountIds ?? []) : [accountId];
  const ofPlatform = platform === undefined ? sql`` : sql` and x.platform = ${platform}`;
  const way = { places: sql`unnest(${textArray(accountIds)})`, isThere: sql`x.account_id = place${ofPlatform}` };
  return byPublications(actor, signsFor(status, accountId !== undefined), way);
}

function byPlatform(actor: Actor, { status, platform }: PostFilter): Candidates['rows'] {
  const places =
    platform === undefined
      ? sql`(select distinct a.platform from accounts a where a.organization_id = ${actor.organizationId})`
      : sql`unnest(array[${platform}])`;
  const way = { places, isThere: sql`x.platform = place` };
  return byPublications(actor, signsFor(status, platform !== undefined), way);
}

interface Way {
  readonly places: SQL;
  /** Condition on `publications x` and a `place`. */
  readonly isThere: SQL;
}

function byPublications(
  { organizationId, accountIds }: Actor,
  { signs, orDue }: Signs,
  { places, isThere }: Way,
): Candidates['rows'] {
  const own =
    accountIds === null
      ? sql`array(select a.id from accounts a where a.organization_id = ${organizationId})`
      : textArray(accountIds);
  return (after, count) => {
    const older = olderThan(after, sql`x.post_created_at`, sql`x.post_id`);
    const due = sql`
      union all
      select x.post_created_at, x.post_id from publications x
      where x.organization_id = ${organizationId} and x.account_id = any(${own})
        and x.due_at <= statement_timestamp() and x.status = 'scheduled' and ${older}`;
    return sql`
    select distinct c.created_at, c.id from (
      select c.created_at, c.id from ${places} at_place(place)
      cross join unnest(${textArray(signs)}) sign
      cross join lateral (
        select distinct x.post_created_at as created_at, x.post_id as id from publications x
        where x.organization_id = ${organizationId} and ${isThere} and x.listed_as = sign and ${older}
        order by 1 desc, 2 desc limit ${count}) c
      ${orDue ? due : sql``}) c
    order by c.created_at desc, c.id desc limit ${count}`;
  };
}

function textArray(values: readonly string[]): SQL {
  return sql`${sql.param([...values])}::text[]`;
}

function olderThan(after: PostCursor | null, createdAt: SQL, id: SQL): SQL {
  if (after === null) return sql`true`;
  return sql`(${createdAt}, ${id}) < (timestamptz 'epoch' + ${after.createdAtMicros}::bigint * interval '1 microsecond', ${after.id})`;
}
