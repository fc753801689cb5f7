import type { TimelineItem } from '@vibetribe/contracts/timeline';
import { events } from '@vibetribe/db/schema/events';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { cutPage } from '../cut-page.ts';
import { readPost } from './find-post.ts';
import { presentEvent } from './present-event.ts';

/** Where a page ended. */
export interface TimelineCursor {
  readonly eventId: number;
}

/** What happened to the post and why, oldest first. @throws DomainError `not_found` */
export async function readTimeline(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  { postId, limit, after }: { readonly postId: string; readonly limit: number; readonly after: TimelineCursor | null },
): Promise<{ items: TimelineItem[]; next: TimelineCursor | null }> {
  requireRight(actor, 'posts:read');
  const rows = await deps.db.asTenant(actor.organizationId, async (tx) => {
    await readPost(tx, actor, postId);
    return tx
      .select()
      .from(events)
      .where(
        and(
          eq(events.organizationId, actor.organizationId),
          eq(events.postId, postId),
          gt(events.id, after?.eventId ?? 0),
        ),
      )
      .orderBy(asc(events.id))
      .limit(limit + 1);
  });
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map((row) => presentEvent({ ...row, eventId: row.id })),
    next: last === undefined ? null : { eventId: last.id },
  };
}
