import { z } from 'zod';
import { calledOffStatuses, type PublicationStatus } from './publication-status.ts';

export const PostStatus = z.enum([
  'draft',
  'scheduled',
  'publishing',
  'needs_attention',
  'published',
  'partially_published',
  'failed',
  'canceled',
]);
export type PostStatus = z.infer<typeof PostStatus>;

type PublicationState = { status: PublicationStatus; waitingReason: string | null };

/** Called off before anything of it was out: the others say where the post stands. */
const calledOff: ReadonlySet<PublicationStatus> = new Set(calledOffStatuses);

/** A post's status, derived from its publications: it is stored nowhere. */
export function postStatusOf(publications: readonly PublicationState[]): PostStatus {
  const statuses = publications.map((publication) => publication.status);
  const has = (...wanted: PublicationStatus[]) => statuses.some((status) => wanted.includes(status));
  const inPlay = statuses.filter((status) => !calledOff.has(status));
  if (statuses.length === 0 || (inPlay.length > 0 && inPlay.every((status) => status === 'draft'))) return 'draft';
  if (has('unconfirmed') || publications.some(asksForDecision)) return 'needs_attention';
  if (has('publishing', 'retrying', 'waiting')) return 'publishing';
  if (!has('draft', 'scheduled')) return endStatusOf(statuses);
  return has('published', 'failed') ? 'publishing' : 'scheduled';
}

function asksForDecision(publication: PublicationState): boolean {
  return publication.status === 'waiting' && publication.waitingReason === 'decision';
}

function endStatusOf(statuses: readonly PublicationStatus[]): PostStatus {
  const publishedCount = statuses.filter((status) => status === 'published').length;
  if (publishedCount === statuses.length) return 'published';
  if (publishedCount > 0) return 'partially_published';
  return statuses.includes('failed') ? 'failed' : 'canceled';
}
