import { z } from 'zod';
import { EventType } from './event-type.ts';

const Timestamp = z.iso.datetime({ offset: true });

/** What a webhook may be sent: messages as the WebSocket names them, events as a timeline names them, or all of a kind. */
export const WebhookEvent = z.enum([
  'post-created',
  'post-status-update',
  'notification',
  'analytics-update',
  'post.*',
  'publication.*',
  'account.*',
  ...EventType.options,
]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

const fields = {
  /** HTTPS, on a public address. Redirects are not followed. */
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  events: z.array(WebhookEvent).min(1).max(WebhookEvent.options.length),
  description: z.string().max(500).nullable(),
};

export const CreateWebhook = z.strictObject({ ...fields, description: fields.description.optional() });
export type CreateWebhook = z.infer<typeof CreateWebhook>;

/** Replaces what is given. `enabled: true` also brings back one that was switched off for its failures. */
export const UpdateWebhook = z.strictObject({ ...fields, enabled: z.boolean() }).partial();
export type UpdateWebhook = z.infer<typeof UpdateWebhook>;

export const Webhook = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(WebhookEvent),
  description: z.string().nullable(),
  enabled: z.boolean(),
  /** Why it is switched off; null while it is on. */
  disabledBecause: z.enum(['by_hand', 'gone', 'failing']).nullable(),
  lastSuccessAt: Timestamp.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Webhook = z.infer<typeof Webhook>;

/** The only answers that show a secret: `whsec_` and base64, as Standard Webhooks has it. */
export const CreatedWebhook = Webhook.extend({ secret: z.string() });
export type CreatedWebhook = z.infer<typeof CreatedWebhook>;
/** As it is answered: what is repeated for its Idempotency-Key comes without what is shown once. */
export const CreatedWebhookAnswer = CreatedWebhook.partial({ secret: true });

/** Until `previousUntil` messages are signed with the secret before, too. */
export const RotatedWebhook = z.object({ secret: z.string(), previousUntil: Timestamp });
export type RotatedWebhook = z.infer<typeof RotatedWebhook>;
export const RotatedWebhookAnswer = RotatedWebhook.partial({ secret: true });

export const WebhookTry = z.object({
  at: Timestamp,
  /** Of the receiver's answer; null where none came. */
  status: z.int().nullable(),
  /** Why it does not count as delivered; null where it does. */
  error: z.string().nullable(),
  durationMs: z.int(),
});
export type WebhookTry = z.infer<typeof WebhookTry>;

export const WebhookDelivery = z.object({
  /** The `webhook-id` of every try: a receiver that knows it has the message already. */
  id: z.string(),
  /** Counts a webhook's messages: a receiver sees by it what is missing and what is late. */
  sequence: z.int(),
  type: z.string(),
  status: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  nextAttemptAt: Timestamp.nullable(),
  createdAt: Timestamp,
  deliveredAt: Timestamp.nullable(),
  /** The last ten, oldest first. */
  tries: z.array(WebhookTry),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;
