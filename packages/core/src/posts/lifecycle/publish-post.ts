import { accounts } from '@vibetribe/db/schema/accounts';
import { posts } from '@vibetribe/db/schema/posts';
import { eq, inArray, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPublications } from '../../publishing/store/decide-and-write.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { checkContents } from '../check/content-faults.ts';
import { forewarn, type ForewarnDependencies, warningsOf } from '../check/forewarn.ts';
import { lockPost } from '../store/find-post.ts';
import { accountFaults, lockAccounts } from '../store/post-accounts.ts';
import { readMedia } from '../check/post-media.ts';
import { presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { readDatabaseClock } from '../check/schedule-time.ts';
import { takeTransitions } from '../store/take-transitions.ts';
import { goneMediaFaults, mediaIdsIn, namedMediaIds } from '../check/variants.ts';

/**
 * Publishes now what has not ended; a draft is checked as if it were scheduled.
 * @throws DomainError `not_found`; `validation_failed`; `already_publishing`; `conflict` when it has ended or a person must settle it first
 */
export async function publishPost(
  deps: Pick<CoreDependencies, 'db' | 'signals'> & ForewarnDependencies,
  actor: Actor,
  { postId }: { postId: string },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const published = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const { post, publicationIds, accountIds } = await lockPost(tx, actor, postId);
    const accounts = await lockAccounts(tx, actor, accountIds);
    const rows = await lockPublications(tx, publicationIds);
    const drafts = rows.filter((row) => row.status === 'draft');
    const media = await readMedia(tx, actor, [
      ...namedMediaIds(post),
      ...drafts.flatMap((row) => mediaIdsIn(row.variant)),
    ]);
    const contents = drafts.flatMap(({ accountId, variant }) => {
      const account = accounts.get(accountId);
      const { content, mediaIds, mediaAlts, thread } = post;
      return account === undefined ? [] : [{ account, content, mediaIds, mediaAlts, thread: thread ?? [], variant }];
    });
    const checked = await checkContents(deps.adapters, media, contents);
    refuseFaults([
      ...accountFaults(accountIds, accounts, (id) => drafts.some((row) => row.accountId === id)),
      ...goneMediaFaults(post, drafts, media),
      ...checked.faults,
    ]);
    const at = { atMs: await readDatabaseClock(tx), exceptPostId: post.id, media };
    const forewarned = await forewarn(tx, deps, actor, contents, at);
    const warnings = [...checked.warnings, ...warningsOf(forewarned)];
    const taken = await takeTransitions(tx, rows, () => ({ type: 'publish_now' }));
    if (taken.movedCount === 0) throw refusal(rows);
    const [now] = await tx
      .update(posts)
      .set({ scheduledAt: sql`clock_timestamp()`, version: post.version + 1, updatedAt: sql`clock_timestamp()` })
      .where(eq(posts.id, post.id))
      .returning();
    const heldByPlatform = rows.flatMap((row) => (row.waitingReason === 'rate_limit' ? [row.accountId] : []));
    return { post: now ?? post, publications: taken.rows, warnings, heldByPlatform };
  });
  await openAccounts(deps, actor, published.heldByPlatform);
  notifyAfterCommit(deps.signals, published.publications);
  return presentVersioned(published);
}

/** Who asks for it now asks the platform now: an account that it has closed gets one more send. */
async function openAccounts(deps: Pick<CoreDependencies, 'db'>, actor: Actor, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await deps.db.asTenant(actor.organizationId, (tx) =>
    tx.update(accounts).set({ postsClosedUntil: null }).where(inArray(accounts.id, ids)),
  );
}

function refusal(rows: readonly PublicationRow[]): DomainError {
  const has = (...statuses: PublicationRow['status'][]) => rows.some((row) => statuses.includes(row.status));
  if (has('publishing', 'waiting', 'scheduled', 'retrying')) {
    return new DomainError('already_publishing', 'The post is on its way already.');
  }
  if (has('unconfirmed')) {
    return new DomainError('conflict', 'A person has to settle first whether the last send arrived.');
  }
  return new DomainError('conflict', 'The post has ended; retry what failed, or publish a duplicate.');
}
