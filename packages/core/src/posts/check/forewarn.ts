import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { ContentFinding } from '@vibetribe/platforms/port/content';
import { midnightMs } from '@vibetribe/platforms/http/midnight';
import { createTextMeasure, type TextMeasure } from '@vibetribe/platforms/text/text-measure';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { contentFor, partContents } from '../../content/part-contents.ts';
import { isoTime } from '../../publishing/state/iso-time.ts';
import type { AccountContent, ContentWarning } from './content-faults.ts';
import { findRepeats } from './find-repeats.ts';
import { type Bound, lastOutAtMs } from './last-out.ts';
import type { PostMedia } from './post-media.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The warning looks at this many posts of an account's line: behind more, nobody needs the exact time. */
const inLineMax = 500;
/** A larger limit of a day is not looked at ahead: that would read the whole day of an organization for each post. */
const dayLimitMax = 1_000;
/** A wait that nobody notices is not told. */
const toldFromMs = 60_000;

/** Limits and addresses that are not given are none. */
export type ForewarnDependencies = Pick<CoreDependencies, 'adapters'> &
  Partial<Pick<CoreDependencies, 'postsPerHour' | 'appPostsPerDay' | 'endpoints'>>;

export interface GoesOut {
  readonly atMs: number;
  /** The post itself, which is in no line before itself. */
  readonly exceptPostId: string | null;
  /** What its content names. */
  readonly media: PostMedia;
}

/**
 * What is known ahead of a post by its account: the same text twice, limits of the hour and the day that it will not fit, with the time
 * at which it would go out, and what the platform bills. None of it forbids anything.
 */
export async function forewarn(
  tx: Transaction,
  deps: ForewarnDependencies,
  actor: Pick<Actor, 'organizationId'>,
  contents: readonly AccountContent[],
  goesOut: GoesOut,
): Promise<ReadonlyMap<string, readonly ContentFinding[]>> {
  if (contents.length === 0) return new Map();
  const repeats = await findRepeats(tx, deps, actor, contents, goesOut);
  const lines = await readLines(tx, deps, actor, contents, goesOut);
  const measure = createTextMeasure();
  return new Map(
    contents.map((content) => {
      const repeat = repeats.get(content.account.id);
      const findings = [
        ...(repeat === undefined ? [] : [repeat]),
        ...limitFindings(deps, content, lines, goesOut),
        ...costFindings(deps, content, measure),
      ];
      return [content.account.id, findings];
    }),
  );
}

export function warningsOf(forewarned: ReadonlyMap<string, readonly ContentFinding[]>): ContentWarning[] {
  return [...forewarned].flatMap(([accountId, findings]) =>
    findings.map(({ code, message, field }) => ({ accountId, code, message, field })),
  );
}

interface Lines {
  /** When those before it went out or are due, oldest first. */
  readonly ofAccount: ReadonlyMap<string, readonly number[]>;
  readonly ofPlatform: ReadonlyMap<PlatformId, readonly number[]>;
  /** Accounts whose tokens were made elsewhere: the day of our application is not theirs. */
  readonly notOurs: ReadonlySet<string>;
}

const lineColumns = { accountId: column.text, platform: column.json<PlatformId>(), atMs: column.number };

/**
 * What was sent in the day before and is due until then: of each account, and of all accounts of a platform whose application has a day's
 * limit. Posts of other organizations through the same application are not told of.
 */
async function readLines(
  tx: Transaction,
  deps: ForewarnDependencies,
  { organizationId }: Pick<Actor, 'organizationId'>,
  contents: readonly AccountContent[],
  { atMs, exceptPostId }: GoesOut,
): Promise<Lines> {
  const accountIds = contents.map(({ account }) => account.id);
  const platforms = [...new Set(contents.map(({ account }) => account.platform))].filter((platform) =>
    hasDay(deps, platform),
  );
  const from = sql`to_timestamp(${(atMs - dayMs) / 1000}::float8)`;
  const until = sql`to_timestamp(${atMs / 1000}::float8)`;
  const rows = await queryRows(tx, lineColumns)`
    select l."accountId", a.platform, l."atMs" from accounts a
    cross join lateral (
      (select p.account_id as "accountId", floor(extract(epoch from p.due_at) * 1000)::float8 as "atMs" from publications p
       where p.account_id = a.id and p.due_at is not null and p.due_at > ${from} and p.due_at <= ${until}
         and p.post_id is distinct from ${exceptPostId}
       order by p.due_at desc limit ${inLineMax})
      union all
      (select t.account_id, floor(extract(epoch from t.started_at) * 1000)::float8 from attempts t
       where t.account_id = a.id and t.started_at > ${from} order by t.started_at desc limit ${inLineMax})) l
    where a.organization_id = ${organizationId}
      and (a.id = any(${sql.param(accountIds)}::text[]) or a.platform = any(${sql.param(platforms)}::text[]))
    order by l."atMs"`;
  return {
    ofAccount: timesOf(Map.groupBy(rows, ({ accountId }) => accountId)),
    ofPlatform: timesOf(Map.groupBy(rows, ({ platform }) => platform)),
    notOurs: platforms.length === 0 ? new Set<string>() : await readNotOurs(tx, accountIds),
  };
}

function timesOf<Key>(lines: ReadonlyMap<Key, readonly { readonly atMs: number }[]>): ReadonlyMap<Key, number[]> {
  return new Map([...lines].map(([key, line]) => [key, line.map(({ atMs }) => atMs)]));
}

async function readNotOurs(tx: Transaction, accountIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await queryRows(tx, { id: column.text })`
    select a.id from accounts a join grants g on g.id = a.grant_id
    where a.id = any(${sql.param(accountIds)}::text[]) and g.source = 'manual'`;
  return new Set(rows.map(({ id }) => id));
}

function hasDay({ adapters, appPostsPerDay }: ForewarnDependencies, platform: PlatformId): boolean {
  const perDay = appPostsPerDay?.(platform) ?? null;
  return (perDay !== null && perDay <= dayLimitMax) || adapters[platform].limits.appUnitsPerDay !== undefined;
}

function limitFindings(
  deps: ForewarnDependencies,
  { account: { id, platform }, ...content }: AccountContent,
  { ofAccount, ofPlatform, notOurs }: Lines,
  { atMs, media }: GoesOut,
): ContentFinding[] {
  const { displayName, limits } = deps.adapters[platform];
  const tell = (code: string, due: readonly number[], outAtMs: number, what: string): ContentFinding[] => {
    if (outAtMs - atMs < toldFromMs) return [];
    const message = `${what}: ${due.length} of them stand before this post, so that it would go out at about ${isoTime(outAtMs)}`;
    return [{ severity: 'warning', code, message, field: 'scheduledAt' }];
  };
  const told = (code: string, due: readonly number[], bound: Bound, what: string) =>
    tell(code, due, lastOutAtMs([...due, atMs], bound), what);
  const perHour = deps.postsPerHour?.(platform) ?? Infinity;
  const perDay = deps.appPostsPerDay?.(platform) ?? null;
  const findings = told(
    'limit_hour',
    ofAccount.get(id) ?? [],
    { limit: perHour, windowMs: hourMs },
    `The account has ${perHour} posts an hour on ${displayName}`,
  );
  if (!hasDay(deps, platform) || notOurs.has(id)) return findings;
  const all = ofPlatform.get(platform) ?? [];
  if (perDay !== null && perDay <= dayLimitMax) {
    const what = `The application has ${perDay} posts a day on ${displayName}`;
    findings.push(...told('limit_day', all, { limit: perDay, windowMs: dayMs }, what));
  }
  const units = limits.appUnitsPerDay;
  if (units !== undefined) {
    const { text, options } = contentFor(content, content.variant);
    const shown = (content.variant.mediaIds ?? content.mediaIds).flatMap((mediaId) => media.get(mediaId) ?? []);
    const cost = units.costOfPost({ text, options, media: shown });
    const fitting = Math.max(1, Math.floor(units.limit / Math.max(1, cost)));
    const what = `The application has ${units.limit} units a day on ${displayName}, and this post costs about ${cost}: ${fitting} like it`;
    const startMs = dayStartMs(atMs, units.dayBeginsIn);
    const today = all.filter((each) => each >= startMs);
    const outAtMs = afterDays(atMs, Math.floor(today.length / fitting), units.dayBeginsIn);
    findings.push(...tell('limit_units', today, outAtMs, what));
  }
  return findings;
}

/** When the day of a moment began there; days have 23 to 25 hours. */
function dayStartMs(atMs: number, timeZone: string): number {
  const yesterday = [dayMs, dayMs + 2 * hourMs].map((backMs) => midnightMs(new Date(atMs - backMs), timeZone));
  return Math.max(...yesterday.filter((midnight) => midnight <= atMs));
}

/** When the day begins that is so many days later; the moment itself where that is today. */
function afterDays(atMs: number, days: number, timeZone: string): number {
  let afterMs = atMs;
  for (let day = 0; day < days; day += 1) afterMs = midnightMs(new Date(afterMs), timeZone);
  return afterMs;
}

/** Each part of a thread is billed. Where the installation has no address of the platform, nothing is. */
function costFindings(
  deps: ForewarnDependencies,
  { account, variant, ...post }: AccountContent,
  measure: TextMeasure,
): ContentFinding[] {
  const adapter = deps.adapters[account.platform];
  const { displayName, limits } = adapter;
  if ((deps.endpoints?.(account.platform).api ?? null) === null) return [];
  const parts = partContents(adapter, post, variant);
  const costs = parts.flatMap(({ content }) => limits.costOfPost?.(content, measure) ?? []);
  const [first] = costs;
  if (first === undefined) return [];
  const usd = costs.reduce((sum, cost) => sum + cost.usd, 0);
  const reasons = [...Map.groupBy(costs, ({ why }) => why)].map(([why, alike]) => `${alike.length} × ${why}`);
  const why = costs.length === 1 ? first.why : reasons.join(', ');
  const message = `${displayName} bills this post with about $${usd.toFixed(3)} (${why})`;
  return [{ severity: 'warning', code: 'costs_money', message, field: 'accountId' }];
}
