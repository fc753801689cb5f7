import { isDeepStrictEqual } from 'node:util';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { MediaUse, UpdatePost, Variant } from '@vibetribe/contracts/post';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { countParts, type PartContent, partContents, type PostContent } from '../../content/part-contents.ts';
import { transition } from '../../publishing/state/reducer.ts';
import { type PublicationRow, stateOf } from '../../publishing/store/publication-row.ts';
import { checkContents } from '../check/content-faults.ts';
import type { PostRow } from '../store/find-post.ts';
import { altsFor, usesOf } from '../../media/media-alts.ts';
import { mediaAfter } from '../check/media-use.ts';
import type { PostAccounts } from '../store/post-accounts.ts';
import type { PostMedia } from '../check/post-media.ts';
import { sizeFaults } from '../check/post-size.ts';
import { keptMediaFaults, variantFaults, variantOf } from '../check/variants.ts';

/** An edit of a post of which something has failed, worked out before anything is written. */
export interface MendPlan {
  readonly faults: readonly FieldFault[];
  readonly mended: readonly Mended[];
  /** All, with the variant that each gets. What is left alone keeps its content, whatever becomes of the post's. */
  readonly rows: readonly PublicationRow[];
}

export interface Mended {
  readonly row: PublicationRow;
  readonly keepsMedia: boolean;
}

interface MendFacts {
  readonly post: PostRow;
  readonly rows: readonly PublicationRow[];
  readonly accounts: PostAccounts;
  readonly media: PostMedia;
}

/**
 * What failed gets the new content, and what still waits untouched; everything else keeps what it has.
 * @throws DomainError `already_publishing` where the change concerns what is out or on its way, or more than content;
 *   `conflict` where it concerns what failed and may have arrived
 */
export async function planMend(
  adapters: CoreDependencies['adapters'],
  { post, rows, accounts, media }: MendFacts,
  change: UpdatePost,
): Promise<MendPlan> {
  requireContentOnly(post, rows, change);
  const whole = { ...post, ...given(post, change) };
  const mended: Mended[] = [];
  const planned = rows.map((row) => {
    const isNamed = change.variants !== undefined && Object.hasOwn(change.variants, row.accountId);
    const changed = change.variants === undefined ? row.variant : variantOf(change.variants, row.accountId);
    const partsAs = (whole: PostContent, variant: Variant) => partContents(adapters[row.platform], whole, variant);
    const before = partsAs(post, row.variant);
    const refusal = refusalOf(row);
    if (refusal === null) {
      const variant = row.parts.length === 0 || isNamed ? changed : keepFirst(post, change, changed);
      const after = partsAs(whole, variant);
      if (!keepsWhatIsOut(row, before, after)) throw untouchable(row, 'out_of_reach');
      const next = { ...row, variant, partCount: countParts(whole, variant) };
      const keepsAlts = isDeepStrictEqual(usesIn(post, row.variant), usesIn(whole, variant));
      if (!keepsAlts || !isDeepStrictEqual(before, after))
        mended.push({ row: next, keepsMedia: keepsAlts && keepsMedia(row, before, after) });
      return next;
    }
    if (isNamed && !isDeepStrictEqual(before, partsAs(post, changed))) throw untouchable(row, refusal);
    const kept = { ...row, variant: keep(post, change, row.variant) };
    if (refusal === 'in_doubt' && !isNamed && kept.variant !== row.variant) throw untouchable(row, refusal);
    return kept;
  });
  if (planned.every((row) => refusalOf(row) !== null)) {
    const [failed] = rows.filter((row) => row.status === 'failed');
    if (failed !== undefined) throw untouchable(failed, 'in_doubt');
  }
  const { content, mediaIds, mediaAlts } = whole;
  const thread = whole.thread ?? [];
  const accountIds = rows.map(({ accountId }) => accountId);
  const copies = mended.map(({ row }) => row);
  const contents = copies.flatMap(({ accountId, variant }) => {
    const account = accounts.get(accountId);
    return account === undefined ? [] : [{ account, content, mediaIds, mediaAlts, thread, variant }];
  });
  const checked = await checkContents(adapters, media, contents);
  const faults = [
    ...variantFaults(change, accountIds, media),
    ...sizeFaults({
      content,
      thread,
      mediaAlts,
      variants: Object.fromEntries(planned.map(({ accountId, variant }) => [accountId, variant])),
    }),
    ...keptMediaFaults(post, change, copies, media),
    ...checked.faults,
  ];
  return { faults, mended, rows: planned };
}

/** The accounts, the time and how it is sent belong to what is out, too. A client may send back what it read. */
function requireContentOnly(post: PostRow, rows: readonly PublicationRow[], change: UpdatePost): void {
  const { accountIds, scheduledAt, timezone, priority, misfire } = change;
  const known = rows.map(({ accountId }) => accountId).toSorted();
  const isTime = scheduledAt === undefined || toMs(scheduledAt) === (post.scheduledAt?.getTime() ?? null);
  const isSame =
    (accountIds === undefined || isDeepStrictEqual(accountIds.toSorted(), known)) &&
    isTime &&
    (timezone === undefined || timezone === post.timezone) &&
    (priority === undefined || priority === post.priority) &&
    (misfire === undefined || isDeepStrictEqual(misfire, post.misfire));
  if (isSame) return;
  throw new DomainError(
    'already_publishing',
    'A part of the post has ended: only the text, media and options of what failed can be changed. Retry sends it then.',
  );
}

function toMs(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}

function given(
  post: PostRow,
  { content, thread, ...change }: UpdatePost,
): Partial<Pick<PostRow, 'content' | 'thread'>> & Pick<PostRow, 'mediaIds' | 'mediaAlts'> {
  return {
    ...(content === undefined ? {} : { content }),
    ...(thread === undefined ? {} : { thread }),
    ...mediaAfter(post, change),
  };
}

/** The files of the first part, with the texts that they have in this copy. */
function usesIn(post: Pick<PostRow, 'mediaIds' | 'mediaAlts'>, variant: Variant): MediaUse[] {
  return usesOf(variant.mediaIds ?? post.mediaIds, altsFor(post.mediaAlts, variant));
}

/** Parts that are out stay as they went out, and something is left to send. */
function keepsWhatIsOut(
  { parts }: PublicationRow,
  before: readonly PartContent[],
  after: readonly PartContent[],
): boolean {
  const out = parts.length;
  return out === 0 || (after.length > out && isDeepStrictEqual(before.slice(0, out), after.slice(0, out)));
}

/** Those of the part that failed. */
function keepsMedia({ parts }: PublicationRow, before: readonly PartContent[], after: readonly PartContent[]): boolean {
  return isDeepStrictEqual(before[parts.length]?.mediaIds, after[parts.length]?.mediaIds);
}

/** What followed the post's text or media keeps those that it was sent with. */
function keep(post: PostRow, change: UpdatePost, variant: Variant): Variant {
  const first = keepFirst(post, change, variant);
  const thread =
    change.thread !== undefined && !isDeepStrictEqual(change.thread, post.thread ?? []) && variant.thread === undefined;
  return thread ? { ...first, thread: post.thread ?? [] } : first;
}

/** The thread apart. */
function keepFirst(post: PostRow, change: UpdatePost, variant: Variant): Variant {
  const content = change.content !== undefined && change.content !== post.content && variant.content === undefined;
  const media = usesIn(post, variant);
  const keepsFiles = isDeepStrictEqual(media, usesIn({ ...post, ...mediaAfter(post, change) }, variant));
  if (!content && keepsFiles) return variant;
  return {
    ...variant,
    ...(content ? { content: post.content } : {}),
    ...(keepsFiles ? {} : { mediaIds: media.map(({ id }) => id), media }),
  };
}

type Refusal = 'in_doubt' | 'out_of_reach';

function refusalOf(row: PublicationRow): Refusal | null {
  const taken = transition(stateOf(row), { type: 'edit' }, row.nowMs);
  if (taken.kind === 'moved') return null;
  return taken.reason === 'in_doubt' ? 'in_doubt' : 'out_of_reach';
}

function untouchable({ id, accountId, status }: PublicationRow, refusal: Refusal): DomainError {
  if (refusal === 'out_of_reach') {
    const message = `The publication for account ${accountId} is ${status}: what is out or on its way is not changed.`;
    return new DomainError('already_publishing', message);
  }
  return new DomainError(
    'conflict',
    `An earlier send for account ${accountId} may have arrived. Look there and settle it first: POST /publications/${id}/resolve.`,
  );
}
