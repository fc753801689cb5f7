import type { Post } from '@vibetribe/contracts/post';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PostStatus } from '@vibetribe/contracts/post-status';
import { posts } from '@vibetribe/db/schema/posts';
import { and, desc, eq, getTableColumns, isNull, type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
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

/** Posts, newest first. Pages are cut by creation time and id: what is created or deleted meanwhile moves no other post to another page. */
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
    const rows = await tx
      .select({
        ...getTableColumns(posts),
        createdAtMicros: sql<string>`(extract(epoch from ${posts.createdAt}) * 1000000)::bigint::text`,
      })
      .from(posts)
      .where(and(...conditions))
      .orderBy(desc(posts.createdAt), desc(posts.id))
      .limit(input.limit + 1);
    const items = rows.slice(0, input.limit);
    const last = rows.length > input.limit ? items.at(-1) : undefined;
    const publications = await readPublications(
      tx,
      actor,
      items.map((post) => post.id),
    );
    const byPost = Map.groupBy(publications, (row) => row.postId);
    return {
      items: items.map((post) => presentPost({ post, publications: byPost.get(post.id) ?? [] })),
      next: last === undefined ? null : { createdAtMicros: last.createdAtMicros, id: last.id },
    };
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
