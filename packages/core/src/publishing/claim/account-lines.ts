import { endedStatuses } from '@vibetribe/contracts/publication-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';

/** A job for a publication: it stands for the line that the publication is in, and takes whoever is next there. */
export interface Ticket {
  readonly publicationId: string;
  /** How many of the line to look at, until one goes. */
  readonly picks: number;
  /** It has had its turn, and only its line is meant. */
  readonly isPast?: boolean;
}

/**
 * Posts of one account that go out one after another, in the order of their making. They are those due in the same second, or all of the
 * account where its limit at the platform was lately used up. A post counts here from when it is due until its send was answered; what
 * waits for something, is retried later or asked about holds up nobody.
 */
export interface AccountLine {
  readonly tickets: readonly LineTicket[];
  /** One of it is being sent. */
  readonly isBusy: boolean;
  readonly isLimited: boolean;
  /** Whose turn it is, in order: as many as the tickets ask for, and one more if there is one. */
  readonly heads: readonly LineHead[];
}

interface LineHead {
  readonly id: string;
  /** False: it waits for its account's limit, and its time comes early if those before it are gone. */
  readonly isDue: boolean;
}

interface LineTicket {
  readonly publicationId: string;
  readonly isEnded: boolean;
  readonly isLeased: boolean;
}

interface AccountLines {
  readonly lines: readonly AccountLine[];
  /** Not in a line: early, or asked about at its platform. */
  readonly alone: readonly string[];
}

/** After an answer that a limit was used up, an account's posts go one after another for so long. */
const limitedForMs = 3_600_000;

/** When it is due, by its author, to the second: the index `publications_line` is made of the same expression. */
const second = (alias: string) =>
  sql.raw(`date_bin('1 second', ${alias}.scheduled_at, timestamptz '2000-01-01 00:00:00+00')`);

/** Nobody sends it any more: of one whose outcome is unknown a person decides. */
const isEnded = sql`p.status = any(${sql.param([...endedStatuses, 'unconfirmed'])}::text[])`;

/** The accounts' rows must be locked by an earlier statement: then nobody else begins a send in these lines. */
export async function readAccountLines(tx: Transaction, tickets: readonly Ticket[]): Promise<AccountLines> {
  const wanted = sql`
    wanted as (
      select w.id, w.picks, p.account_id, ${second('p')} as second, ${isEnded} as is_ended,
        p.lease_until is not null as is_leased,
        coalesce(a.posts_closed_until > statement_timestamp() - ${limitedForMs} * interval '1 millisecond', false) as is_limited,
        coalesce(a.posts_closed_until > statement_timestamp(), false) as is_closed,
        p.scheduled_at is not null and (w.past or p.intent_at is null and (
          p.lease_until is not null or p.due_at <= statement_timestamp()
          or ${isEnded})) as in_line
      from jsonb_to_recordset(${JSON.stringify(
        tickets.map(({ publicationId, picks, isPast = false }) => ({ id: publicationId, picks, past: isPast })),
      )}::jsonb) as w(id text, picks int, past boolean)
      join publications p on p.id = w.id join accounts a on a.id = p.account_id
    ), lines as (
      select account_id, case when is_limited then null else second end as second, is_limited, is_closed,
        case when is_limited then sum(picks) else max(picks) end::int as picks
      from wanted where in_line group by 1, 2, 3, 4
    ), looked as (
      select l.*, exists (
        select from publications b where b.account_id = l.account_id and b.lease_until is not null and b.status = 'publishing'
          and (l.is_limited or ${second('b')} = l.second)) as is_busy
      from lines l
    )`;
  const open = sql`p.due_at is not null and p.lease_until is null and p.intent_at is null and p.status in ('scheduled', 'waiting', 'retrying')`;
  const [standing, heads] = await Promise.all([
    queryRows(tx, standingColumns)`
      with ${wanted}
      select w.id, w.is_ended as "isEnded", w.is_leased as "isLeased", w.account_id as "accountId",
        floor(extract(epoch from k.second) * 1000)::float8 as "secondMs", w.in_line as "inLine", coalesce(k.is_limited, false) as "isLimited", coalesce(k.is_busy, false) as "isBusy"
      from wanted w
      left join looked k on w.in_line and k.account_id = w.account_id and (k.is_limited or k.second = w.second)`,
    queryRows(tx, headColumns)`
      with ${wanted}
      select k.account_id as "accountId", floor(extract(epoch from k.second) * 1000)::float8 as "secondMs", h.id, h.due_at <= statement_timestamp() as "isDue" from looked k
      cross join lateral (
        select p.id, p.due_at from publications p
        where not k.is_limited and p.account_id = k.account_id and ${second('p')} = k.second and ${open}
          and p.due_at <= statement_timestamp()
        order by p.created_at, p.post_id limit k.picks + 1
      ) h
      union all
      select k.account_id, null, h.id, h.due_at <= statement_timestamp() from looked k
      cross join lateral (
        select p.id, p.due_at from publications p
        where k.is_limited and p.account_id = k.account_id and ${second('p')} <= statement_timestamp() and ${open}
          and (p.due_at <= statement_timestamp() or p.waiting_reason = 'rate_limit' and not k.is_closed and not k.is_busy)
        order by ${second('p')}, p.created_at, p.post_id limit k.picks + 1
      ) h`,
  ]);
  return asLines(standing, heads);
}

const lineColumns = { accountId: column.text, secondMs: column.numberOrNull, id: column.text };
const headColumns = { ...lineColumns, isDue: column.boolean };
const standingColumns = {
  ...lineColumns,
  isEnded: column.boolean,
  isLeased: column.boolean,
  inLine: column.boolean,
  isLimited: column.boolean,
  isBusy: column.boolean,
};
type Head = RowOf<typeof headColumns>;
type Standing = RowOf<typeof standingColumns>;

function asLines(standing: readonly Standing[], heads: readonly Head[]): AccountLines {
  const keyOf = ({ accountId, secondMs }: Pick<Head, 'accountId' | 'secondMs'>) => `${accountId} ${secondMs}`;
  const headsByLine = Map.groupBy(heads, keyOf);
  const byLine = Map.groupBy(
    standing.filter(({ inLine }) => inLine),
    keyOf,
  );
  const lines = [...byLine].map(([key, members]): AccountLine => {
    const [first] = members;
    return {
      tickets: members.map(({ id, isEnded, isLeased }) => ({ publicationId: id, isEnded, isLeased })),
      isBusy: first?.isBusy ?? false,
      isLimited: first?.isLimited ?? false,
      heads: headsByLine.get(key) ?? [],
    };
  });
  return { lines, alone: standing.flatMap(({ id, inLine }) => (inLine ? [] : [id])) };
}
