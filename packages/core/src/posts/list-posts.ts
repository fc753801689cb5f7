import type { Post } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PostStatus } from '@vibetribe/contracts/post-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import { posts } from '@vibetribe/db/schema/posts';
import { and, desc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';
import { readPublications } from './find-post.ts';
import { hasStatus } from './has-status.ts';
import { presentPost } from './present-post.ts';

/** Where a page ended: when its last post was made, in whole microseconds since the epoch, and its id. */
export interface PostCursor {
  readonly createdAtMicros: string;
  readonly id: string;
}

export interface ListPosts {
  readonly limit: number;
  readonly after: PostCursor | null;
  readonly status?: PostStatus | undefined;
  /** Of `scheduledAt`, ISO 8601: from the first, before the second. Posts without a time are in no range. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Posts that go to this account; together with `platform` both must hold of one publication. */
  readonly accountId?: string | undefined;
  readonly platform?: PlatformId | undefined;
}

/** Posts, newest first, as many as `limit` or as an answer holds. Pages are cut by creation time and id: what is created or deleted meanwhile moves no other post to another page. */
export async function listPosts(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: ListPosts,
): Promise<{ items: Post[]; next: PostCursor | null }> {
  requireRight(actor, 'posts:read');
  const conditions = [
    eq(posts.organizationId, actor.organizationId),
    isNull(posts.deletedAt),
    afterCursor(input.after),
    ...filters(input),
    withinLimits(actor),
  ];
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const found = await tx
      .select({
        id: posts.id,
        createdAtMicros: sql<string>`(extract(epoch from ${posts.createdAt}) * 1000000)::bigint::text`,
        bytes: bytesOfPost,
      })
      .from(posts)
      .where(and(...conditions))
      .orderBy(desc(posts.createdAt), desc(posts.id))
      .limit(input.limit + 1);
    const page = cutPage(found, input.limit, ({ bytes }) => bytes);
    const last = page.hasMore ? page.items.at(-1) : undefined;
    return {
      items: await readPosts(
        tx,
        actor,
        page.items.map(({ id }) => id),
      ),
      next: last === undefined ? null : { createdAtMicros: last.createdAtMicros, id: last.id },
    };
  });
}

/** Of its texts and what became of them, as they are sent, with room for all else. Nothing of it has left the database yet. */
const bytesOfPost = sql<number>`(octet_length(posts.content) + 1000 + coalesce((
  select sum(octet_length(x.variant::text) + coalesce(octet_length(x.error::text), 0) + 500) from publications x
  where x.organization_id = posts.organization_id and x.post_id = posts.id), 0))::float8`;

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

function afterCursor(after: PostCursor | null): SQL | undefined {
  if (after === null) return undefined;
  return sql`(${posts.createdAt}, ${posts.id}) < (timestamptz 'epoch' + ${after.createdAtMicros}::bigint * interval '1 microsecond', ${after.id})`;
}

function filters({ status, from, to, accountId, platform }: ListPosts): (SQL | undefined)[] {
  return [
    status === undefined ? undefined : hasStatus(status),
    from === undefined ? undefined : sql`${posts.scheduledAt} >= to_timestamp(${Date.parse(from) / 1000}::float8)`,
    to === undefined ? undefined : sql`${posts.scheduledAt} < to_timestamp(${Date.parse(to) / 1000}::float8)`,
    accountId === undefined && platform === undefined ? undefined : goesTo(accountId, platform),
  ];
}

function goesTo(accountId: string | undefined, platform: PlatformId | undefined): SQL {
  return sql`exists (
    select 1 from publications x where x.organization_id = ${posts.organizationId} and x.post_id = ${posts.id}
      and ${accountId === undefined ? sql`true` : sql`x.account_id = ${accountId}`}
      and ${platform === undefined ? sql`true` : sql`x.platform = ${platform}`})`;
}

/** A key that is limited to some accounts sees the posts that go to no others. */
function withinLimits({ accountIds }: Actor): SQL | undefined {
  if (accountIds === null) return undefined;
  return sql`not exists (
    select 1 from publications x where x.organization_id = ${posts.organizationId} and x.post_id = ${posts.id}
      and x.account_id <> all(${sql.param(accountIds)}::text[]))`;
}
