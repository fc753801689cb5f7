import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { AdapterAccount, ServerRules, VisiblePart } from '@vibetribe/platforms/port/account';
import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import { sql } from 'drizzle-orm';

/** A run takes what is due a little later too: the next one is an hour away. */
const aheadMinutes = 10;
/** Rows that are looked at to find accounts with something due. */
const lookedAt = 200;

const dueColumns = {
  subjectId: column.number,
  organizationId: column.text,
  accountId: column.text,
  grantId: column.text,
  platform: PlatformId,
  externalId: column.text,
  handle: column.text,
  /** '' where the platform is one server. */
  service: column.text,
  serverRules: column.json<ServerRules | null>(),
  isUsable: column.boolean,
  /** What its breaker says. */
  isPlatformUp: column.boolean,
  /** Null: the account as a whole. */
  publicationId: column.textOrNull,
  postId: column.textOrNull,
  platformPostId: column.textOrNull,
  url: column.textOrNull,
  reference: column.json<JsonValue | null>(),
  ageMs: column.number,
  unchanged: column.number,
  failures: column.number,
  isUnread: column.boolean,
};
type DueRow = RowOf<typeof dueColumns>;

/** What is to be read of one account now. */
export interface DueAccount extends Pick<
  DueRow,
  'organizationId' | 'accountId' | 'grantId' | 'platform' | 'service' | 'isUsable' | 'isPlatformUp'
> {
  readonly account: AdapterAccount;
  /** The subject of the account as a whole. */
  readonly own: DueSubject | null;
  readonly posts: readonly DuePost[];
}

export interface DueSubject extends Pick<DueRow, 'subjectId' | 'ageMs' | 'unchanged' | 'failures' | 'isUnread'> {}

export interface DuePost extends DueSubject {
  readonly publicationId: string;
  readonly postId: string;
  readonly part: VisiblePart;
}

/**
 * Takes what is due: of each platform the accounts that have waited longest, and of each of these its posts. What is taken is due again in
 * an hour, so that no second run asks for it and nothing that a dying process held is lost.
 * @param wanted accounts to take at most, by platform
 * @param left out: accounts that have had their share
 */
export async function takeDue(
  tx: Transaction,
  wanted: ReadonlyMap<PlatformId, number>,
  { left, postsMax }: { readonly left: readonly string[]; readonly postsMax: number },
): Promise<DueAccount[]> {
  const isDue = sql`<= statement_timestamp() + make_interval(mins => ${aheadMinutes}::int)`;
  const rows = await queryRows(tx, dueColumns)`
    with due as materialized (
      select distinct d.account_id from unnest(${sql.param([...wanted.keys()])}::text[], ${sql.param([...wanted.values()])}::int[]) as w(platform, accounts)
      cross join lateral (
        select account_id from (
          select s.account_id, s.due_at from metric_subjects s
          where s.platform = w.platform and s.due_at ${isDue} and s.account_id <> all(${sql.param(left)}::text[])
          order by s.due_at limit ${lookedAt}) looked
        group by account_id order by min(due_at) limit w.accounts) d
    ), taken as materialized (
      select t.id from due cross join lateral (
        select s.id from metric_subjects s where s.account_id = due.account_id and s.due_at ${isDue}
        order by s.publication_id is not null, s.due_at limit ${postsMax + 1} for update skip locked) t
    ), marked as (
      update metric_subjects s set due_at = statement_timestamp() + interval '1 hour' from taken where s.id = taken.id
      returning s.*
    )
    select m.id::float8 as "subjectId", m.organization_id as "organizationId", m.account_id as "accountId", a.grant_id as "grantId", m.platform,
      a.external_id as "externalId", a.handle, a.service, a.server_rules as "serverRules",
      a.status = 'active' and g.dead_at is null as "isUsable", coalesce(b.state, 'closed') = 'closed' as "isPlatformUp",
      m.publication_id as "publicationId", p.post_id as "postId", p.platform_post_id as "platformPostId", p.url, p.parts -> 0 -> 'reference' as reference,
      (extract(epoch from statement_timestamp() - m.began_at) * 1000)::float8 as "ageMs", m.unchanged, m.failures, m.read_at is null as "isUnread"
    from marked m
    join accounts a on a.organization_id = m.organization_id and a.id = m.account_id
    join grants g on g.organization_id = a.organization_id and g.id = a.grant_id
    left join publications p on p.organization_id = m.organization_id and p.id = m.publication_id
    left join breakers b on b.key = case when a.service = '' then m.platform else m.platform || '|' || a.service end
    order by m.id`;
  return [...Map.groupBy(rows, ({ accountId }) => accountId).values()].flatMap(accountOf);
}

function accountOf(rows: readonly DueRow[]): DueAccount[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { externalId, handle, service, serverRules } = first;
  return [
    {
      ...first,
      account: {
        externalId,
        handle,
        service: service === '' ? null : service,
        ...(serverRules === null ? {} : { serverRules }),
      },
      own: rows.find(({ publicationId }) => publicationId === null) ?? null,
      posts: rows.flatMap((row) => postOf(row) ?? []),
    },
  ];
}

function postOf(row: DueRow): DuePost | null {
  const { publicationId, postId, platformPostId, url, reference } = row;
  if (publicationId === null || postId === null || platformPostId === null) return null;
  const part = { platformPostId, url, ...(reference === null ? {} : { reference }) };
  return { ...row, publicationId, postId, part };
}
