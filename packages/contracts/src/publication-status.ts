import { z } from 'zod';

/** Where one account's copy of a post stands. docs/state-machine.md has the picture. */
export const PublicationStatus = z.enum([
  'draft',
  'scheduled',
  'publishing',
  'waiting',
  'retrying',
  'published',
  'failed',
  'unconfirmed',
  'canceled',
  'skipped',
]);
export type PublicationStatus = z.infer<typeof PublicationStatus>;

/** Nothing more happens to these by itself, and nobody is asked about them. */
export const endedStatuses = [
  'published',
  'failed',
  'canceled',
  'skipped',
] as const satisfies readonly PublicationStatus[];

/** Ended before anything of it was out. */
export const calledOffStatuses = ['canceled', 'skipped'] as const satisfies readonly PublicationStatus[];

/** Why a publication waits although it is due. Waiting uses up no attempt. `internal`: something of the service itself does not work. */
export const WaitingReason = z.enum([
  'rate_limit',
  'breaker',
  'token',
  'reconciling',
  'processing',
  'burst_guard',
  'paused',
  'decision',
  'internal',
]);
export type WaitingReason = z.infer<typeof WaitingReason>;

/** What kind of fault ended or delayed a publication, as clients see it. */
export const ErrorCategory = z.enum(['auth', 'rate_limit', 'content', 'network', 'platform', 'unknown_outcome']);
export type ErrorCategory = z.infer<typeof ErrorCategory>;

/** What to do when a publication's time passed while nothing could send it. */
export const MisfirePolicy = z.enum(['late', 'skip', 'ask', 'spread']);
export type MisfirePolicy = z.infer<typeof MisfirePolicy>;

export const PostPriority = z.enum(['low', 'normal', 'high']);
export type PostPriority = z.infer<typeof PostPriority>;
