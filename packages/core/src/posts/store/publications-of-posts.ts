import type { Transaction } from '@vibetribe/db/connect-database';
import { queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import {
  publicationColumns,
  type PublicationRow,
  publicationRowColumns,
} from '../../publishing/store/publication-row.ts';

/** The publications of posts of several organizations, by post. @param posts organization ids by post id */
export async function publicationsOfPosts(
  tx: Transaction,
  posts: ReadonlyMap<string, string>,
): Promise<Map<string, PublicationRow[]>> {
  if (posts.size === 0) return new Map();
  const rows = await queryRows(tx, publicationRowColumns)`
    select ${publicationColumns}
    from unnest(${sql.param([...posts.values()])}::text[], ${sql.param([...posts.keys()])}::text[]) as w(organization_id, post_id)
    join publications p on p.organization_id = w.organization_id and p.post_id = w.post_id
    order by p.id`;
  return Map.groupBy(rows, (row) => row.postId);
}
