import { posts } from '@vibetribe/db/schema/posts';
import { sql } from 'drizzle-orm';

/** `postStatusOf` of the contracts in SQL, for a row of `posts`: a list filtered by status must be filtered before it is cut into pages. */
export const postStatusSql = sql<string>`(
  select case
    when coalesce(bool_and(x.status = 'draft'), true) then 'draft'
    when bool_or(x.status = 'unconfirmed' or x.status = 'waiting' and x.waiting_reason = 'decision') then 'needs_attention'
    when bool_or(x.status in ('publishing', 'retrying', 'waiting')) then 'publishing'
    when not bool_or(x.status in ('published', 'failed', 'canceled', 'skipped')) then 'scheduled'
    when not bool_and(x.status in ('published', 'failed', 'canceled', 'skipped')) then 'publishing'
    when bool_and(x.status = 'published') then 'published'
    when bool_or(x.status = 'published') then 'partially_published'
    when bool_or(x.status = 'failed') then 'failed'
    else 'canceled'
  end
  from publications x where x.organization_id = ${posts.organizationId} and x.post_id = ${posts.id})`;
