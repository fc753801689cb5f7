import type { Post } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPost, readPublications } from '../store/find-post.ts';
import { insertPost } from './insert-post.ts';
import { readMedia } from '../check/post-media.ts';
import { presentPost, presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { contentMediaFaults, mediaIdsIn, namedMediaIds } from '../check/variants.ts';

/**
 * A draft with the same text, media, accounts and variants, and no time.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the post
 * @throws DomainError `not_found`; `validation_failed` where it names media that is gone
 */
export async function duplicatePost(
  deps: Pick<CoreDependencies, 'db' | 'signals'>,
  actor: Actor,
  { postId }: { postId: string },
  beforeCommit?: (tx: Transaction, created: Post) => Promise<void>,
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const copy = await deps.db.asTenant(actor.organizationId, async (tx) => {
    // Locked: an edit meanwhile would give the copy the old text with the new variants.
    const { post } = await lockPost(tx, actor, postId);
    const publications = await readPublications(tx, actor, [postId]);
    // Media of what has ended may be deleted: from here on it is used again.
    const media = await readMedia(tx, actor, [
      ...namedMediaIds(post),
      ...publications.flatMap(({ variant }) => mediaIdsIn(variant)),
    ]);
    refuseFaults([
      ...contentMediaFaults('', post, media),
      ...publications.flatMap(({ accountId, variant }) => contentMediaFaults(`variants.${accountId}.`, variant, media)),
    ]);
    const draft = await insertPost(tx, actor, {
      content: post.content,
      mediaIds: post.mediaIds,
      thread: post.thread ?? [],
      mediaAlts: post.mediaAlts,
      scheduledAt: null,
      timezone: post.timezone,
      priority: post.priority,
      misfire: post.misfire,
      copies: publications.map(({ accountId, platform, variant }) => ({
        account: { id: accountId, platform },
        variant,
      })),
    });
    await beforeCommit?.(tx, presentPost(draft));
    return draft;
  });
  notifyAfterCommit(deps.signals, copy.publications);
  return presentVersioned(copy);
}
