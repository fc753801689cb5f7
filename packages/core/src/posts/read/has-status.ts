import type { PostStatus } from '@vibetribe/contracts/post-status';
import { type SQL, sql } from 'drizzle-orm';

/** Whether a row of `posts o` has the status: `postStatusOf` of the contracts in SQL. */
export function hasStatus(status: PostStatus): SQL {
  return sql`(
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
    from publications x where x.organization_id = o.organization_id and x.post_id = o.id) = ${status}`;
}
