import type { UpdatePost } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import { posts } from '@vibetribe/db/schema/posts';
import { eq, sql } from 'drizzle-orm';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import type { PostRow } from '../store/find-post.ts';
import { mediaAfter } from '../check/media-use.ts';
import { recordPostEvent } from '../store/record-post-event.ts';

/** Writes what is given of the post itself, with a new version, and tells it. */
export async function writePost(tx: Transaction, before: PostRow, change: UpdatePost): Promise<PostRow> {
  const { scheduledAt } = change;
  const [post] = await tx
    .update(posts)
    .set({
      ...(change.content === undefined ? {} : { content: change.content }),
      ...mediaAfter(before, change),
      ...(change.thread === undefined ? {} : { thread: change.thread.length === 0 ? null : change.thread }),
      ...(change.timezone === undefined ? {} : { timezone: change.timezone }),
      ...(change.priority === undefined ? {} : { priority: change.priority }),
      ...(change.misfire === undefined ? {} : { misfire: change.misfire }),
      ...(scheduledAt === undefined ? {} : { scheduledAt: scheduledAt === null ? null : new Date(scheduledAt) }),
      version: before.version + 1,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(eq(posts.id, before.id))
    .returning();
  if (post === undefined) throw new Error(`post ${before.id} is gone although its row was locked`);
  const changed = Object.keys(change).sort();
  await recordPostEvent(tx, post, {
    type: 'post.edited',
    message: changed.length === 0 ? 'Saved without a change.' : `Edited: ${changed.join(', ')}.`,
    data: { changed, version: post.version },
  });
  return post;
}

export async function storeVariants(tx: Transaction, rows: readonly PublicationRow[]): Promise<void> {
  const values = JSON.stringify(rows.map(({ id, variant, partCount }) => ({ id, variant, partCount })));
  await tx.execute(sql`
    update publications p set variant = v.variant, part_count = v."partCount", updated_at = clock_timestamp()
    from jsonb_to_recordset(${values}::jsonb) as v(id text, variant jsonb, "partCount" int)
    where p.id = v.id and (p.variant, p.part_count) is distinct from (v.variant, v."partCount")`);
}
