import type { UpdatePost } from '@vibetribe/contracts/post';
import type { Transaction } from '@vibetribe/db/connect-database';
import { publications } from '@vibetribe/db/schema/publications';
import { inArray } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { lockPublications, movePublications } from '../../publishing/store/decide-and-write.ts';
import { countParts } from '../../content/part-contents.ts';
import { forgetPreparedSteps } from '../../publishing/store/forget-prepared-steps.ts';
import { passOn } from '../../publishing/store/pass-on-job.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { type FoundPost, lockPost, type PostRow } from '../store/find-post.ts';
import { forewarn, type ForewarnDependencies, warningsOf } from '../check/forewarn.ts';
import { insertPublications } from '../create/insert-post.ts';
import { settleMedia } from '../check/media-use.ts';
import { type EditPlan, planEdit } from './plan-edit.ts';
import { planMend } from './plan-mend.ts';
import { lockAccounts } from '../store/post-accounts.ts';
import { readMedia } from '../check/post-media.ts';
import { presentVersioned, type VersionedPost } from '../read/present-post.ts';
import { refuseFaults } from '../check/refuse-faults.ts';
import { isCalledOff, requireEditable } from './require-editable.ts';
import { requireVersion } from '../store/require-version.ts';
import { notifyAfterCommit } from '../store/notify-after-commit.ts';
import { schedulePublications, unschedulePublications } from '../store/schedule-publications.ts';
import { readDatabaseClock } from '../check/schedule-time.ts';
import { storeTextKeys } from '../store/text-key.ts';
import { mediaIdsIn, namedMediaIds, variantOf } from '../check/variants.ts';
import { storeVariants, writePost } from './write-edit.ts';
import { writeMend } from './write-mend.ts';

/**
 * Replaces what is given. Once it has answered, the new text is what goes out: a claim that began before it makes it fail instead. Of a post
 * of which something has failed, the content of that is replaced, and a retry sends it.
 * @throws DomainError `not_found`; `precondition_failed`; `already_publishing` when any of it is on its way or is out;
 *   `conflict` when what has failed may have arrived;
 *   `validation_failed` as when creating a post
 */
export async function updatePost(
  deps: Pick<CoreDependencies, 'db' | 'signals'> & ForewarnDependencies,
  actor: Actor,
  input: { readonly postId: string; readonly change: UpdatePost; readonly expected: number | null },
): Promise<VersionedPost> {
  requireRight(actor, 'posts:write');
  const change = settleMedia(input.change);
  const edited = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const found = await lockPost(tx, actor, input.postId);
    requireVersion(found.post, input.expected);
    const accounts = await lockAccounts(tx, actor, [...new Set([...found.accountIds, ...(change.accountIds ?? [])])]);
    const rows = await lockPublications(tx, found.publicationIds);
    const hasFailed = rows.some(({ status }) => status === 'failed');
    if (!hasFailed) requireEditable(rows);
    const media = await readMedia(tx, actor, [
      ...namedMediaIds(change),
      ...namedMediaIds(found.post),
      ...rows.flatMap((row) => mediaIdsIn(row.variant)),
    ]);
    if (hasFailed) {
      const mend = await planMend(deps.adapters, { post: found.post, rows, accounts, media }, change);
      refuseFaults(mend.faults);
      return writeMend(tx, deps, { before: found.post, accounts }, mend, change);
    }
    const nowMs = await readDatabaseClock(tx);
    const plan = await planEdit(deps.adapters, { post: found.post, rows, accounts, media, nowMs }, change);
    refuseFaults(plan.faults);
    const goesOut = plan.contents.length > 0;
    const atMs = goesOut && 'atMs' in plan.schedule ? Math.max(plan.schedule.atMs, nowMs) : nowMs;
    const forewarned = await forewarn(tx, deps, actor, plan.contents, { atMs, exceptPostId: found.post.id, media });
    const written = await writeEdit(tx, found.post, plan, change, nowMs);
    return goesOut ? { ...written, warnings: [...plan.warnings, ...warningsOf(forewarned)] } : written;
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
  await removePublications(tx, plan.removed);
  const kept = await writeVariants(tx, post, plan.kept, change);
  await storeTextKeys(tx, post, kept);
  await forgetPreparedSteps(
    tx,
    kept.map(({ id }) => id),
  );
  const added = await insertPublications(tx, post, plan.added, nowMs);
  return { post, publications: await applySchedule(tx, plan, kept, added, nowMs) };
}

/** They leave the post, with a last line on its timeline; nothing of them was ever sent. */
async function removePublications(tx: Transaction, removed: readonly PublicationRow[]): Promise<void> {
  if (removed.length === 0) return;
  const open = removed.filter((row) => !isCalledOff(row)).map((row) => row.id);
  await passOn(tx, open);
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
  post: PostRow,
  kept: readonly PublicationRow[],
  { variants, thread }: UpdatePost,
): Promise<PublicationRow[]> {
  if ((variants === undefined && thread === undefined) || kept.length === 0) return [...kept];
  const rows = kept.map((row) => {
    const variant = variants === undefined ? row.variant : variantOf(variants, row.accountId);
    return { ...row, variant, partCount: countParts(post, variant) };
  });
  await storeVariants(tx, rows);
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
