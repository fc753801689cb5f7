import { z } from 'zod';

/**
 * The closed list of what can stand on a post's timeline. The same rows are the WebSocket's resume log.
 * docs/events.md says what each one means.
 */
export const EventType = z.enum([
  'post.created',
  'post.edited',
  'post.deleted',
  'publication.scheduled',
  'publication.rescheduled',
  'publication.unscheduled',
  'publication.edited',
  'publication.canceled',
  'publication.claimed',
  'publication.waiting',
  'publication.step_done',
  'publication.sent',
  'publication.part_published',
  'publication.published',
  'publication.retrying',
  'publication.failed',
  'publication.outcome_unknown',
  'publication.reconciled',
  'publication.unconfirmed',
  'publication.resolved',
  'publication.skipped',
  'publication.lease_expired',
  'publication.late_evidence',
  'publication.removing',
  'publication.removal_waiting',
  'publication.part_removed',
  'publication.removed',
  'publication.removal_failed',
  'publication.removal_unconfirmed',
  'publication.content_editing',
  'publication.content_waiting',
  'publication.content_edited',
  'publication.content_failed',
  'publication.content_unconfirmed',
  'token.refreshed',
  'account.needs_reauth',
  'account.reconnected',
  'notification.created',
  'analytics.updated',
]);
export type EventType = z.infer<typeof EventType>;
