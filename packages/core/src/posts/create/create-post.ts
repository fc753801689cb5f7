import type { CreatePost, Post } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { checkContents } from '../check/content-faults.ts';
import { forewarn, type ForewarnDependencies, warningsOf } from '../check/forewarn.ts';
import type { FoundPost } from '../store/find-post.ts';
import { insertPost } from './insert-post.ts';
import { altsOf } from '../../media/media-alts.ts';
import { settleMedia } from '../check/media-use.ts';
import { lockAccounts, type PostAccounts } from '../store/post-accounts.ts';
import { readMedia } from '../check/post-media.ts';
import { contentsOf, referenceFaults } from '../check/post-request.ts';
import { presentPost, presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { readDatabaseClock, scheduleFaults } from '../check/schedule-time.ts';
import { schedulePublications } from '../store/schedule-publications.ts';
import { namedMediaIds } from '../check/variants.ts';

/**
 * Creates a post: scheduled where it has a time and is no draft, else a draft.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the post
 * @throws DomainError `validation_failed` naming every fault at once: unknown accounts and media, a time in the past, and, unless it is a
 *   draft, what a platform would refuse, under `variants.<accountId>.<field>`
 */
export async function createPost(
  deps: Pick<CoreDependencies, 'db' | 'signals'> & ForewarnDependencies,
  actor: Actor,
  given: CreatePost,
  beforeCommit?: (tx: Transaction, created: Post) => Promise<void>,
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const input = settleMedia(given);
  const created = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const isScheduled = input.scheduledAt !== undefined && input.draft !== true;
    const accounts = await lockAccounts(tx, actor, input.accountIds);
    const media = await readMedia(tx, actor, namedMediaIds(input));
    const scheduledAtMs = input.scheduledAt === undefined ? null : Date.parse(input.scheduledAt);
    const nowMs = scheduledAtMs === null ? null : await readDatabaseClock(tx);
    const contents = isScheduled ? contentsOf(input, accounts) : [];
    const checked = await checkContents(deps.adapters, media, contents);
    refuseFaults([
      ...referenceFaults(input, accounts, media),
      ...(scheduledAtMs === null || nowMs === null ? [] : scheduleFaults(scheduledAtMs, nowMs)),
      ...checked.faults,
    ]);
    const atMs = Math.max(scheduledAtMs ?? 0, nowMs ?? 0);
    const forewarned = await forewarn(tx, deps, actor, contents, { atMs, exceptPostId: null, media });
    const draft = await insertDraft(tx, actor, input, accounts);
    const publications =
      isScheduled && scheduledAtMs !== null && nowMs !== null
        ? await schedulePublications(tx, draft.publications, atMs)
        : draft.publications;
    const warnings = [...checked.warnings, ...warningsOf(forewarned)];
    const post = { ...draft, publications, warnings };
    await beforeCommit?.(tx, presentPost(post));
    return post;
  });
  notifyAfterCommit(deps.signals, created.publications);
  return presentVersioned(created);
}

function insertDraft(tx: Transaction, actor: Actor, input: CreatePost, accounts: PostAccounts): Promise<FoundPost> {
  return insertPost(tx, actor, {
    content: input.content,
    mediaIds: input.mediaIds ?? [],
    thread: input.thread ?? [],
    mediaAlts: altsOf(input.media),
    scheduledAt: input.scheduledAt === undefined ? null : new Date(input.scheduledAt),
    timezone: input.timezone ?? null,
    priority: input.priority ?? 'normal',
    misfire: input.misfire ?? null,
    copies: contentsOf(input, accounts).map(({ account, variant }) => ({ account, variant })),
  });
}
