import { posts } from '@vibetribe/db/schema/posts';
import { eq, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import { lockPost } from '../store/find-post.ts';
import { recordPostEvent } from '../store/record-post-event.ts';
import { requireVersion } from '../store/require-version.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { takeTransitions } from '../store/take-transitions.ts';

/**
 * Cancels what can be canceled and hides the post. What is on a platform stays there.
 * @throws DomainError `not_found`; `precondition_failed`; `already_publishing` while something of it is on its way
 */
export async function deletePost(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  actor: Actor,
  { postId, expected }: { readonly postId: string; readonly expected: number | null },
): Promise<void> {
  requireRight(actor, 'posts:write');
  const publications = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, publicationIds } = await lockPost(tx, actor, postId);
    requireVersion(post, expected);
    const rows = await lockPublications(tx, publicationIds);
    await recordPostEvent(tx, post, { type: 'post.deleted', message: 'Deleted.', data: { version: post.version } });
    const taken = await takeTransitions(tx, rows, () => ({ type: 'cancel' }));
    if (taken.rows.some(({ status }) => status === 'publishing' || status === 'waiting' || status === 'retrying')) {
      throw new DomainError(
        'already_publishing',
        'A part of the post is on its way; it can be deleted once that has ended.',
      );
    }
    await tx
      .update(posts)
      .set({ deletedAt: sql`clock_timestamp()` })
      .where(eq(posts.id, post.id));
    return taken.rows;
  });
  notifyAfterCommit(deps.signals, publications);
}
