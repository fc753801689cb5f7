import type { UpdatePost } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import { posts } from '@vibetribe/db/schema/posts';
import { publications } from '@vibetribe/db/schema/publications';
import { eq, inArray, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { lockPublications, movePublications } from '../publishing/store/decide-and-write.ts';
import { forgetPreparedSteps } from '../publishing/store/forget-prepared-steps.ts';
import type { PublicationRow } from '../publishing/store/publication-row.ts';
import { type FoundPost, lockPost, type PostRow } from './find-post.ts';
import { insertPublications } from './insert-post.ts';
import { type EditPlan, planEdit } from './plan-edit.ts';
import { lockAccounts } from './post-accounts.ts';
import { readMedia } from './post-media.ts';
import { presentVersioned, type VersionedPost } from './present-post.ts';
import { recordPostEvent } from './record-post-event.ts';
import { refuseFaults } from './refuse-faults.ts';
import { isCalledOff, requireEditable } from './require-editable.ts';
import { requireVersion } from './require-version.ts';
import { notifyAfterCommit } from './notify-after-commit.ts';
import { schedulePublications, unschedulePublications } from './schedule-publications.ts';
import { readDatabaseClock } from './schedule-time.ts';
import { namedMediaIds, variantOf } from './variants.ts';

/**
 * Replaces what is given. Once it has answered, the new text is what goes out: a claim that began before it makes it fail instead.
 * @throws DomainError `not_found`; `precondition_failed`; `already_publishing` when any of it is on its way or has ended;
 *   `validation_failed` as when creating a post
 */
export async function updatePost(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'signals'>,
  actor: Actor,
  input: { readonly postId: string; readonly change: UpdatePost; readonly expected: number | null },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const { change } = input;
  const edited = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const found = await lockPost(tx, actor, input.postId);
    requireVersion(found.post, input.expected);
    const accounts = await lockAccounts(tx, actor, [...new Set([...found.accountIds, ...(change.accountIds ?? [])])]);
    const rows = await lockPublications(tx, found.publicationIds);
    requireEditable(rows);
    const media = await readMedia(tx, actor, [
      ...namedMediaIds(change),
      ...namedMediaIds(found.post),
      ...rows.flatMap((row) => row.variant.mediaIds ?? []),
    ]);
    const nowMs = await readDatabaseClock(tx);
    const plan = await planEdit(deps.adapters, { post: found.post, rows, accounts, media, nowMs }, change);
    refuseFaults(plan.faults);
    return writeEdit(tx, found.post, plan, change, nowMs);
  });
  notifyAfterCommit(deps.signals, edited.publications);
  return presentVersioned(edited);
}

async function writeEdit(
  tx: Transaction,
  before: PostRow,
  plan: EditPlan,
  change: UpdatePost,
  nowMs: number,
): Promise<FoundPost> {
  const post = await writePost(tx, before, change);
  const changed = Object.keys(change).sort();
  await recordPostEvent(tx, post, {
    type: 'post.edited',
    message: changed.length === 0 ? 'Saved without a change.' : `Edited: ${changed.join(', ')}.`,
    data: { changed, version: post.version },
  });
  await removePublications(tx, plan.removed);
  const kept = await writeVariants(tx, plan.kept, change.variants);
  await forgetPreparedSteps(
    tx,
    kept.map(({ id }) => id),
  );
  const added = await insertPublications(tx, post, plan.added, nowMs);
  return { post, publications: await applySchedule(tx, plan, kept, added, nowMs) };
}

async function writePost(tx: Transaction, before: PostRow, change: UpdatePost): Promise<PostRow> {
  const { scheduledAt } = change;
  const [post] = await tx
    .update(posts)
    .set({
      ...(change.content === undefined ? {} : { content: change.content }),
      ...(change.mediaIds === undefined ? {} : { mediaIds: change.mediaIds }),
      ...(change.timezone === undefined ? {} : { timezone: change.timezone }),
      ...(change.priority === undefined ? {} : { priority: change.priority }),
      ...(change.misfire === undefined ? {} : { misfire: change.misfire }),
      ...(scheduledAt === undefined ? {} : { scheduledAt: scheduledAt === null ? null : new Date(scheduledAt) }),
      version: before.version + 1,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(eq(posts.id, before.id))
    .returning();
  if (post === undefined) throw new Error(`post ${before.id} is gone although its row was locked`);
  return post;
}

/** They leave the post, with a last line on its timeline; nothing of them was ever sent. */
async function removePublications(tx: Transaction, removed: readonly PublicationRow[]): Promise<void> {
  if (removed.length === 0) return;
  const open = removed.filter((row) => !isCalledOff(row)).map((row) => row.id);
  await movePublications(tx, open, () => ({ type: 'cancel' }));
  await tx.delete(publications).where(
    inArray(
      publications.id,
      removed.map((row) => row.id),
    ),
  );
}

async function writeVariants(
  tx: Transaction,
  kept: readonly PublicationRow[],
  variants: UpdatePost['variants'],
): Promise<PublicationRow[]> {
  if (variants === undefined || kept.length === 0) return [...kept];
  const rows = kept.map((row) => ({ ...row, variant: variantOf(variants, row.accountId) }));
  const values = JSON.stringify(rows.map(({ id, variant }) => ({ id, variant })));
  await tx.execute(sql`
    update publications p set variant = v.variant, updated_at = clock_timestamp()
    from jsonb_to_recordset(${values}::jsonb) as v(id text, variant jsonb) where p.id = v.id`);
  return rows;
}

async function applySchedule(
  tx: Transaction,
  { schedule }: EditPlan,
  kept: readonly PublicationRow[],
  added: readonly PublicationRow[],
  nowMs: number,
): Promise<PublicationRow[]> {
  const resting = kept.filter(isCalledOff);
  const inPlay = kept.filter((row) => !isCalledOff(row));
  const all = async (): Promise<readonly PublicationRow[]> => {
    switch (schedule.kind) {
      case 'stays_draft':
        return [...inPlay, ...added];
      case 'stays_scheduled':
        return [...inPlay, ...(await schedulePublications(tx, added, schedule.atMs))];
      case 'moves':
        return schedulePublications(tx, [...inPlay, ...added], Math.max(schedule.atMs, nowMs));
      case 'unscheduled': {
        const drafts = inPlay.filter((row) => row.status === 'draft');
        const scheduled = inPlay.filter((row) => row.status !== 'draft');
        return [...drafts, ...(await unschedulePublications(tx, scheduled)), ...added];
      }
    }
  };
  return [...resting, ...(await all())].sort((one, other) => (one.id < other.id ? -1 : 1));
}
