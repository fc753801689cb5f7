import type { Post } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { posts } from '@vibetribe/db/schema/posts';
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { cutPage } from '../../cut-page.ts';
import { requireRight } from '../../identity/authorize.ts';
import { readPublications } from '../store/find-post.ts';
import { hasStatus } from './has-status.ts';
import { type Candidates, chooseCandidates, inRange, type PostCursor, type PostFilter } from './post-candidates.ts';
import { presentPost } from './present-post.ts';

export interface ListPosts extends PostFilter {
  readonly limit: number;
  readonly after: PostCursor | null;
}

/** Held against a filter for one page, at the most: a page may then have fewer posts, even none, and there are more after it. */
const candidatesMax = 1_000;
/** At once; the first look is at as many as the page takes (more where several filters have to hold), and each further one at four times as many. */
const batchMax = 500;

/**
 * Posts, newest first, as many as `limit` or as an answer holds, or as were found among so many. Pages are cut by creation time and id: what is
 * created or deleted meanwhile moves no other post to another page.
 */
export async function listPosts(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: ListPosts,
): Promise<{ items: Post[]; next: PostCursor | null }> {
  requireRight(actor, 'posts:read');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const candidates = await chooseCandidates(tx, actor, input);
    const { found, next } = await findMatches(tx, actor, input, candidates);
    const page = cutPage(found, input.limit, ({ bytes }) => bytes);
    const last = page.hasMore ? page.items.at(-1) : undefined;
    return {
      items: await readPosts(
        tx,
        actor,
        page.items.map(({ id }) => id),
      ),
      next: last === undefined ? next : { createdAtMicros: last.createdAtMicros, id: last.id },
    };
  });
}

const candidateColumns = {
  id: column.text,
  createdAtMicros: column.text,
  /** Null where it does not match. */
  bytes: column.numberOrNull,
};

interface Match extends Omit<RowOf<typeof candidateColumns>, 'bytes'> {
  readonly bytes: number;
}

/** One more than the page takes, where there are so many. `next`: where looking ended before the end of the list. */
async function findMatches(
  tx: Transaction,
  actor: Actor,
  input: ListPosts,
  { rows, isExact, isOfPlace }: Candidates,
): Promise<{ found: Match[]; next: PostCursor | null }> {
  const found: Match[] = [];
  const wanted = input.limit + 1;
  let after = input.after;
  let looked = 0;
  const conditions = conditionsOf(isOfPlace ? { ...input, accountId: undefined, platform: undefined } : input, actor);
  const first = conditions.length > 1 ? 4 * wanted : wanted;
  for (let step = first; ; step *= 4) {
    const count = Math.max(wanted, Math.min(step, batchMax, candidatesMax - looked));
    const read = await readCandidates(tx, actor, {
      candidates: rows(after, count),
      conditions,
      count: isExact ? wanted : count,
      matchesOnly: isExact,
    });
    found.push(...read.flatMap(({ bytes, ...row }) => (bytes === null ? [] : [{ ...row, bytes }])));
    const last = read.at(-1);
    if (isExact || read.length < count || last === undefined || found.length >= wanted)
      return { found: found.slice(0, wanted), next: null };
    after = { createdAtMicros: last.createdAtMicros, id: last.id };
    looked += read.length;
    if (looked >= candidatesMax) return { found, next: after };
  }
}

async function readCandidates(
  tx: Transaction,
  actor: Actor,
  {
    candidates,
    conditions,
    count,
    matchesOnly,
  }: {
    readonly candidates: SQL;
    readonly conditions: readonly SQL[];
    readonly count: number;
    readonly matchesOnly: boolean;
  },
): Promise<RowOf<typeof candidateColumns>[]> {
  const matches = sql`o.deleted_at is null${sql.join(conditions.map((condition) => sql` and ${condition}`))}`;
  return queryRows(tx, candidateColumns)`
    select o.id, (extract(epoch from c.created_at) * 1000000)::bigint::text as "createdAtMicros",
      ${matchesOnly ? bytesOfPost : sql`case when ${matches} then ${bytesOfPost} end`} as bytes
    from (${candidates}) c
    join posts o on o.organization_id = ${actor.organizationId} and o.id = c.id
    ${matchesOnly ? sql`where ${matches}` : sql``}
    order by c.created_at desc, c.id desc limit ${count}`;
}

/** Of the texts of `posts o` and what became of them, as they are sent, with room for all else. Nothing of it has left the database yet. */
const bytesOfPost = sql<number>`(octet_length(o.content) + 1000 + coalesce((
  select sum(octet_length(x.variant::text) + coalesce(octet_length(x.error::text), 0) + 500) from publications x
  where x.organization_id = o.organization_id and x.post_id = o.id), 0))::float8`;

/** In the order of the ids; what was deleted meanwhile is left out. */
async function readPosts(tx: Transaction, actor: Actor, ids: readonly string[]): Promise<Post[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .select()
    .from(posts)
    .where(and(eq(posts.organizationId, actor.organizationId), inArray(posts.id, [...ids]), isNull(posts.deletedAt)));
  const postById = new Map(rows.map((row) => [row.id, row]));
  const byPost = Map.groupBy(await readPublications(tx, actor, ids), (row) => row.postId);
  return ids.flatMap((id) => {
    const post = postById.get(id);
    return post === undefined ? [] : [presentPost({ post, publications: byPost.get(id) ?? [] })];
  });
}

/** Of `posts o`. */
function conditionsOf({ status, from, to, accountId, platform }: PostFilter, { accountIds }: Actor): SQL[] {
  return [
    ...(from === undefined && to === undefined ? [] : [inRange({ from, to })]),
    ...(accountId === undefined && platform === undefined ? [] : [goesTo(accountId, platform)]),
    ...(accountIds === null ? [] : [goesToNoneBut(accountIds)]),
    ...(status === undefined ? [] : [hasStatus(status)]),
  ];
}

function goesTo(accountId: string | undefined, platform: PlatformId | undefined): SQL {
  return hasPublication(sql`${accountId === undefined ? sql`true` : sql`x.account_id = ${accountId}`}
      and ${platform === undefined ? sql`true` : sql`x.platform = ${platform}`}`);
}

/** A key that is limited to some accounts sees the posts that go to no others. */
function goesToNoneBut(accountIds: readonly string[]): SQL {
  return sql`not ${hasPublication(sql`x.account_id <> all(${sql.param([...accountIds])}::text[])`)}`;
}

/** Asked for each post: of `exists` the planner may make a table of all publications that there are, to look up a few posts in it. */
function hasPublication(where: SQL): SQL {
  return sql`coalesce((
    select true from publications x where x.organization_id = o.organization_id and x.post_id = o.id and ${where} limit 1), false)`;
}
