import { z } from 'zod';
import type { PublicationStatus } from './publication-status.ts';

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

const ended: ReadonlySet<PublicationStatus> = new Set(['published', 'failed', 'canceled', 'skipped']);

/** A post's status, derived from its publications: it is stored nowhere. */
export function postStatusOf(publications: readonly PublicationState[]): PostStatus {
  const statuses = publications.map((publication) => publication.status);
  const has = (...wanted: PublicationStatus[]) => statuses.some((status) => wanted.includes(status));
  if (statuses.length === 0 || statuses.every((status) => status === 'draft')) return 'draft';
  if (has('unconfirmed') || publications.some(asksForDecision)) return 'needs_attention';
  if (has('publishing', 'retrying', 'waiting')) return 'publishing';
  const endedCount = statuses.filter((status) => ended.has(status)).length;
  if (endedCount === 0) return 'scheduled';
  if (endedCount < statuses.length) return 'publishing';
  return endStatusOf(statuses);
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
