import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import { lockPost } from '../store/find-post.ts';
import { presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { takeTransitions } from '../store/take-transitions.ts';

/**
 * Cancels the publications that have not begun. Those that are being sent, or are out, stay.
 * @throws DomainError `not_found`; `nothing_to_stop`, for a draft too
 */
export async function cancelPost(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  actor: Actor,
  { postId }: { postId: string },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const canceled = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, publicationIds } = await lockPost(tx, actor, postId);
    const rows = await lockPublications(tx, publicationIds);
    const taken = await takeTransitions(tx, rows, (row) => (row.status === 'draft' ? null : { type: 'cancel' }));
    if (taken.movedCount === 0) throw new DomainError('nothing_to_stop', 'Nothing of the post is waiting to go out.');
    return { post, publications: taken.rows };
  });
  notifyAfterCommit(deps.signals, canceled.publications);
  return presentVersioned(canceled);
}
