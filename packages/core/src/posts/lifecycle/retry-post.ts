import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import { forgetRefusedSends } from '../../publishing/store/forget-prepared-steps.ts';
import { lockPost } from '../store/find-post.ts';
import { accountFaults, lockAccounts } from '../store/post-accounts.ts';
import { readMedia } from '../check/post-media.ts';
import { presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { takeTransitions } from '../store/take-transitions.ts';
import { goneMediaFaults, mediaIdsIn, namedMediaIds } from '../check/variants.ts';

/**
 * Sends the failed publications again, now, with a new retry budget.
 * @throws DomainError `not_found`; `nothing_to_retry`; `validation_failed` when a failed one's account is disconnected or its media gone
 */
export async function retryPost(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  actor: Actor,
  { postId }: { postId: string },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const retried = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, publicationIds, accountIds } = await lockPost(tx, actor, postId);
    const accounts = await lockAccounts(tx, actor, accountIds);
    const rows = await lockPublications(tx, publicationIds);
    // Of what is to be taken off, nothing more goes out.
    const failed = rows.filter((row) => row.status === 'failed' && row.removal === null);
    // Media of what has ended may be deleted: from here on it is used again.
    const media = await readMedia(tx, actor, [
      ...namedMediaIds(post),
      ...failed.flatMap(({ variant }) => mediaIdsIn(variant)),
    ]);
    refuseFaults([
      ...accountFaults(accountIds, accounts, (id) => failed.some((row) => row.accountId === id)),
      ...goneMediaFaults(post, failed, media),
    ]);
    const refused = failed.filter(
      ({ committed, inDoubtSinceMs, parts }) => !committed && inDoubtSinceMs === null && parts.length === 0,
    );
    await forgetRefusedSends(
      tx,
      refused.map(({ id }) => id),
    );
    const taken = await takeTransitions(tx, rows, (row) => (row.removal === null ? { type: 'retry' } : null));
    if (taken.movedCount === 0) throw new DomainError('nothing_to_retry', 'No publication of the post has failed.');
    return { post, publications: taken.rows };
  });
  notifyAfterCommit(deps.signals, retried.publications);
  return presentVersioned(retried);
}
