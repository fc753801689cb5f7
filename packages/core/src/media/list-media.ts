import type { Media } from '@vibetribe/contracts/media';
import type { MediaKind } from '@vibetribe/media-rules/media-facts';
import { media, mediaObjects } from '@vibetribe/db/schema/media';
import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { presentMedia } from './present-media.ts';

/** Where a page ended: when its last media was made, to the microsecond as the database writes it, and its id. */
export interface MediaCursor {
  readonly createdAt: string;
  readonly id: string;
}

/** The organization's media, newest first, after the cursor given. */
export async function listMedia(
  deps: Pick<MediaDependencies, 'db' | 'mediaUrls'>,
  actor: Actor,
  {
    limit,
    after,
    type,
  }: { readonly limit: number; readonly after: MediaCursor | null; readonly type?: MediaKind | undefined },
): Promise<{ items: Media[]; next: MediaCursor | null }> {
  requireRight(actor, 'media:read');
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .select({
        row: getTableColumns(media),
        object: getTableColumns(mediaObjects),
        cursorAt: sql<string>`${media.createdAt}::text`,
      })
      .from(media)
      .innerJoin(
        mediaObjects,
        and(eq(mediaObjects.organizationId, media.organizationId), eq(mediaObjects.id, media.objectId)),
      )
      .where(
        and(
          eq(media.organizationId, actor.organizationId),
          type === undefined ? undefined : eq(media.kind, type),
          after === null
            ? undefined
            : sql`(${media.createdAt}, ${media.id}) < (${after.createdAt}::timestamptz, ${after.id})`,
        ),
      )
      .orderBy(desc(media.createdAt), desc(media.id))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map(({ row, object }) => presentMedia(deps.mediaUrls, row, object)),
    next: last === undefined ? null : { createdAt: last.cursorAt, id: last.row.id },
  };
}
