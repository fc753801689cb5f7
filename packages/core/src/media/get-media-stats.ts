import { column, queryRows } from '@vibetribe/db/query-rows';
import type { MediaStats } from '@vibetribe/contracts/media';
import { MediaKind } from '@vibetribe/media-rules/media-facts';
import type { Actor } from '../actor.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { bytesLeft, readMediaUse } from './media-quota.ts';

/** What the organization keeps, of which kind, how much of it no post uses, and how much more it may keep. */
export async function getMediaStats(
  deps: Pick<MediaDependencies, 'db' | 'mediaQuotaBytes'>,
  actor: Actor,
): Promise<MediaStats> {
  requireRight(actor, 'media:read');
  const { organizationId } = actor;
  return deps.db.asTenant(organizationId, async (tx) => {
    const rows = await queryRows(tx, {
      kind: MediaKind,
      isUsed: column.boolean,
      count: column.number,
      bytes: column.number,
    })`
      select kind, media_is_used(organization_id, id, false) as "isUsed", count(*)::int as count, sum(bytes)::float8 as bytes
      from media where organization_id = ${organizationId} group by 1, 2`;
    const sumOf = (counted: typeof rows) =>
      counted.reduce((sum, { count, bytes }) => ({ count: sum.count + count, bytes: sum.bytes + bytes }), {
        count: 0,
        bytes: 0,
      });
    const use = await readMediaUse(tx, organizationId, deps.mediaQuotaBytes);
    return {
      total: sumOf(rows),
      byType: {
        image: sumOf(rows.filter(({ kind }) => kind === 'image')),
        video: sumOf(rows.filter(({ kind }) => kind === 'video')),
        document: sumOf(rows.filter(({ kind }) => kind === 'document')),
      },
      unused: sumOf(rows.filter(({ isUsed }) => !isUsed)),
      storedBytes: use.storedBytes,
      quota: { bytesMax: use.bytesMax, bytesLeft: bytesLeft(use) },
    };
  });
}
