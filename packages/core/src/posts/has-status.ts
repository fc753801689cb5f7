import type { PostStatus } from '@vibetribe/contracts/post-status';
import type { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { posts } from '@vibetribe/db/schema/posts';
import { type SQL, sql } from 'drizzle-orm';

/** Whether a row of `posts` has the status: a list must be filtered before it is cut into pages. */
export function hasStatus(status: PostStatus): SQL {
  return sql`${posts.id} in (
    select x.post_id from publications x
    where x.organization_id = ${posts.organizationId} and x.status = any(${sql.param(signs[status])}::text[])) and ${postStatusSql} = ${status}`;
}

/** A post of this status has at least one publication in one of these: where few have, PostgreSQL looks at those alone. */
const signs: Readonly<Record<PostStatus, readonly PublicationStatus[]>> = {
  draft: ['draft'],
  scheduled: ['scheduled'],
  publishing: ['publishing', 'retrying', 'waiting', 'scheduled', 'draft'],
  needs_attention: ['unconfirmed', 'waiting'],
  published: ['published'],
  partially_published: ['published'],
  failed: ['failed'],
  canceled: ['canceled', 'skipped'],
};

/** `postStatusOf` of the contracts in SQL. */
const postStatusSql = sql<string>`(
  select case
    when coalesce(bool_and(x.status in ('draft', 'canceled', 'skipped')) and bool_or(x.status = 'draft'), true) then 'draft'
    when bool_or(x.status = 'unconfirmed' or x.status = 'waiting' and x.waiting_reason = 'decision') then 'needs_attention'
    when bool_or(x.status in ('publishing', 'retrying', 'waiting')) then 'publishing'
    when bool_or(x.status in ('draft', 'scheduled')) then case when bool_or(x.status in ('published', 'failed')) then 'publishing' else 'scheduled' end
    when bool_and(x.status = 'published') then 'published'
    when bool_or(x.status = 'published') then 'partially_published'
    when bool_or(x.status = 'failed') then 'failed'
    else 'canceled'
  end
  from publications x where x.organization_id = ${posts.organizationId} and x.post_id = ${posts.id})`;
