import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { UpdatePost, Variant } from '@vibetribe/contracts/post';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { type AccountContent, checkContents, type ContentWarning, nothingChecked } from '../check/content-faults.ts';
import { mediaAfter } from '../check/media-use.ts';
import type { PostRow } from '../store/find-post.ts';
import { accountFaults, type PostAccount, type PostAccounts } from '../store/post-accounts.ts';
import type { PostMedia } from '../check/post-media.ts';
import { isCalledOff } from './require-editable.ts';
import { sizeFaults } from '../check/post-size.ts';
import { scheduleFaults } from '../check/schedule-time.ts';
import { keptMediaFaults, variantFaults, variantOf } from '../check/variants.ts';

/** An edit worked out before anything is written. */
export interface EditPlan {
  readonly faults: readonly FieldFault[];
  /** Where it goes out. */
  readonly warnings: readonly ContentWarning[];
  /** What goes to which account, where it goes out. */
  readonly contents: readonly AccountContent[];
  readonly schedule: ScheduleChange;
  readonly kept: readonly PublicationRow[];
  readonly removed: readonly PublicationRow[];
  readonly added: readonly { readonly account: PostAccount; readonly variant: Variant }[];
}

export type ScheduleChange =
  | { readonly kind: 'stays_draft' }
  /** For publications that join one that is scheduled already. */
  | { readonly kind: 'stays_scheduled'; readonly atMs: number }
  | { readonly kind: 'moves'; readonly atMs: number }
  | { readonly kind: 'unscheduled' };

export interface EditFacts {
  readonly post: PostRow;
  /** The post's publications, those called off included. */
  readonly rows: readonly PublicationRow[];
  readonly accounts: PostAccounts;
  readonly media: PostMedia;
  readonly nowMs: number;
}

export async function planEdit(
  adapters: CoreDependencies['adapters'],
  facts: EditFacts,
  change: UpdatePost,
): Promise<EditPlan> {
  const { post, rows, accounts, media, nowMs } = facts;
  const wantedIds = change.accountIds ?? rows.map((row) => row.accountId);
  const kept = rows.filter((row) => wantedIds.includes(row.accountId));
  const removed = rows.filter((row) => !wantedIds.includes(row.accountId));
  const known = new Set(rows.map((row) => row.accountId));
  const added = wantedIds.flatMap((id) => {
    const account = known.has(id) ? undefined : accounts.get(id);
    return account === undefined ? [] : [{ account, variant: variantOf(change.variants, id) }];
  });

  const schedule = scheduleChange(facts, change);
  const goesOut = schedule.kind === 'moves' || schedule.kind === 'stays_scheduled';
  const whole = {
    content: change.content ?? post.content,
    ...mediaAfter(post, change),
    thread: change.thread ?? post.thread ?? [],
  };
  const isCalledOffAt = (id: string) => kept.some((row) => row.accountId === id && isCalledOff(row));
  const contents = wantedIds.flatMap((id) => {
    const account = accounts.get(id);
    if (account === undefined || isCalledOffAt(id)) return [];
    const row = kept.find((one) => one.accountId === id);
    const variant = change.variants === undefined && row !== undefined ? row.variant : variantOf(change.variants, id);
    return [{ account, ...whole, variant }];
  });
  const checked = goesOut ? await checkContents(adapters, media, contents) : nothingChecked;
  const faults = [
    ...accountFaults(wantedIds, accounts, (id) => !known.has(id) || (goesOut && !isCalledOffAt(id))),
    ...variantFaults(change, wantedIds, media),
    ...sizeFaults({
      content: whole.content,
      thread: whole.thread,
      mediaAlts: whole.mediaAlts,
      variants: change.variants ?? Object.fromEntries(kept.map(({ accountId, variant }) => [accountId, variant])),
    }),
    ...(schedule.kind === 'moves' ? scheduleFaults(schedule.atMs, nowMs) : []),
    ...(goesOut ? keptMediaFaults(post, change, partsOf(contents), media) : []),
    ...checked.faults,
  ];
  const { warnings } = checked;
  return { faults, warnings, contents: goesOut ? contents : [], schedule, kept, removed, added };
}

function partsOf(contents: readonly AccountContent[]) {
  return contents.map(({ account, variant }) => ({ accountId: account.id, variant }));
}

function scheduleChange({ post, rows, nowMs }: EditFacts, change: UpdatePost): ScheduleChange {
  const isScheduled = rows.some((row) => !isCalledOff(row) && row.status !== 'draft');
  const stays: ScheduleChange = isScheduled
    ? { kind: 'stays_scheduled', atMs: Math.max(post.scheduledAt?.getTime() ?? nowMs, nowMs) }
    : { kind: 'stays_draft' };
  if (change.scheduledAt === undefined) return stays;
  if (change.scheduledAt === null) return { kind: 'unscheduled' };
  const atMs = Date.parse(change.scheduledAt);
  // A client that sends back what it read does not reschedule, and is not refused because the time has come meanwhile.
  return isScheduled && atMs === post.scheduledAt?.getTime() ? stays : { kind: 'moves', atMs };
}
