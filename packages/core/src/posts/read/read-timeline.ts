import type { TimelineItem } from '@vibetribe/contracts/timeline';
import { events } from '@vibetribe/db/schema/events';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { cutPage } from '../../cut-page.ts';
import { readPost } from '../store/find-post.ts';
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
  const { rows, repeats } = await deps.db.asTenant(actor.organizationId, async (tx) => {
    await readPost(tx, actor, postId);
    const found = await tx
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
    return { rows: found, repeats: await readRepeats(tx, found) };
  });
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map((row) => ({ ...presentEvent({ ...row, eventId: row.id }), ...repeats.get(row.id) })),
    next: last === undefined ? null : { eventId: last.id },
  };
}

type Repeats = Pick<TimelineItem, 'count' | 'lastAt'>;

/** A wait that comes again is not told again: what is told next says how often it came, or the publication does as long as it waits. */
async function readRepeats(
  tx: Transaction,
  rows: readonly { readonly id: number; readonly type: TimelineItem['type'] }[],
): Promise<Map<number, Repeats>> {
  const ids = rows.flatMap(({ id, type }) => (tellsOfWait.has(type) ? [id] : []));
  if (ids.length === 0) return new Map();
  const found = await queryRows(tx, { id: column.number, count: column.number, lastAtMs: column.number })`
    select e.id::float8 as id, w.times as count, floor(extract(epoch from w.last_at) * 1000)::float8 as "lastAtMs"
    from events e
    join publications p on p.id = e.publication_id
    left join lateral (
      select n.data -> 'waited' as waited from events n
      where n.organization_id = e.organization_id and n.post_id = e.post_id and n.publication_id = e.publication_id and n.id > e.id
      order by n.id limit 1) next on true
    cross join lateral (
      select (next.waited ->> 'times')::int as times, (next.waited ->> 'lastAt')::timestamptz as last_at where next is not null
      union all
      select (p.told_wait ->> 'times')::int, to_timestamp((p.told_wait ->> 'lastAtMs')::float8 / 1000) where next is null
    ) w
    where e.id = any(${sql.param(ids)}::bigint[]) and w.times > 1`;
  return new Map(found.map(({ id, count, lastAtMs }) => [id, { count, lastAt: new Date(lastAtMs).toISOString() }]));
}

const tellsOfWait: ReadonlySet<TimelineItem['type']> = new Set(['publication.waiting', 'publication.reconciled']);
