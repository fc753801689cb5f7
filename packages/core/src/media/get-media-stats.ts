import { column, queryRows } from '@vibetribe/db/query-rows';
import type { MediaStats } from '@vibetribe/contracts/media';
import { MediaKind } from '@vibetribe/media-rules/media-facts';
import type { Transaction } from '@vibetribe/db/connect-database';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { requireRight } from '../identity/authorize.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { bytesLeft, readMediaUse } from './media-quota.ts';

/** So many files are asked about one by one; of more, all that posts name is read at once. */
const askedMax = 1_000;

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
      select m.kind, u.id is not null as "isUsed", count(*)::int as count, sum(m.bytes)::float8 as bytes
      from media m left join ${await usedMedia(tx, organizationId)} group by 1, 2`;
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

/** To join to `media m`, with its condition: `u.id` is null where no post names it. */
async function usedMedia(tx: Transaction, organizationId: string): Promise<SQL> {
  const own = sql`m.organization_id = ${organizationId}`;
  const [first] = await queryRows(tx, { isMany: column.boolean })`
    select count(*) > ${askedMax} as "isMany" from (select 1 from media m where ${own} limit ${askedMax + 1}) counted`;
  return first?.isMany === true
    ? sql`used_media(${organizationId}) u(id) on u.id = m.id where ${own}`
    : sql`lateral (select m.id where media_is_used(m.organization_id, m.id, false)) u on true where ${own}`;
}
