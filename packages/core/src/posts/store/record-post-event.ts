import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { PostRow } from './find-post.ts';

/** Writes a line about the post as a whole on its timeline. */
export async function recordPostEvent(
  tx: Transaction,
  post: Pick<PostRow, 'id' | 'organizationId'>,
  event: {
    readonly type: 'post.edited' | 'post.deleted';
    readonly message: string;
    readonly data: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await tx.execute(sql`
    insert into events (organization_id, post_id, type, message, data)
    values (${post.organizationId}, ${post.id}, ${event.type}, ${event.message}, ${JSON.stringify(event.data)}::jsonb)`);
}
