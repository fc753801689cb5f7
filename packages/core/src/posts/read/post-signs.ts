import type { PostStatus } from '@vibetribe/contracts/post-status';
import { PublicationStatus, WaitingReason } from '@vibetribe/contracts/publication-status';

type Sign = Exclude<PublicationStatus, 'waiting'> | WaitingReason;

const everySign: readonly string[] = [...PublicationStatus.options, ...WaitingReason.options];
const waits = WaitingReason.options.filter((reason) => reason !== 'decision');

/** `publications.listed_as`: a post of this status has at least one publication with one of these. */
const signsOf: Readonly<Record<PostStatus, readonly Sign[]>> = {
  draft: ['draft'],
  scheduled: ['scheduled'],
  publishing: ['publishing', 'retrying', ...waits],
  needs_attention: ['unconfirmed', 'decision'],
  published: ['published'],
  partially_published: ['failed', 'canceled', 'skipped'],
  failed: ['failed'],
  canceled: ['canceled', 'skipped'],
};

/** What the publication for one account may be instead, where the post's other publications give it its status. */
const orElse: { readonly [Status in PostStatus]?: readonly Sign[] } = {
  draft: ['canceled', 'skipped'],
  scheduled: ['draft', 'canceled', 'skipped'],
  failed: ['canceled', 'skipped'],
};

/** Here it may be nearly anything: the post is found by the others. */
export const isToldElsewhere: ReadonlySet<PostStatus> = new Set([
  'publishing',
  'needs_attention',
  'partially_published',
]);

export interface Signs {
  readonly signs: readonly string[];
  /** Or what is scheduled and due. */
  readonly orDue: boolean;
}

/**
 * A post is also being published where something of it has ended and something is scheduled. All of a post is scheduled for one moment, so
 * that is due, and there is no draft beside it.
 */
export function signsFor(status: PostStatus | undefined, isOfOnePlace: boolean): Signs {
  if (status === undefined) return { signs: everySign, orDue: false };
  const signs = [...signsOf[status], ...(isOfOnePlace ? (orElse[status] ?? []) : [])];
  return { signs, orDue: status === 'publishing' };
}
