import { z } from 'zod';

/** What a WebSocket client may send; each is answered `ack` or `error` with its `ref`. */
export const ClientMessage = z.strictObject({
  type: z.enum([
    'join-room',
    'leave-room',
    'subscribe-post-updates',
    'unsubscribe-post-updates',
    'subscribe-analytics-updates',
    'unsubscribe-analytics-updates',
    'typing-start',
    'typing-stop',
    'ping',
  ]),
  data: z.strictObject({ room: z.string().max(200).optional(), postId: z.string().max(100).optional() }).default({}),
  ref: z.string().max(100).optional(),
});
export type ClientMessage = z.infer<typeof ClientMessage>;

export const ServerMessageType = z.enum([
  'ack',
  'error',
  'pong',
  'resync',
  'post-created',
  'post-status-update',
  'analytics-update',
  'notification',
  'user-connected',
  'user-disconnected',
  'user-typing',
  'user-stopped-typing',
]);
export type ServerMessageType = z.infer<typeof ServerMessageType>;

/** `id` stands on data-bearing messages only: it is the cursor that `since` takes. */
export type ServerMessage = {
  type: ServerMessageType;
  data?: Record<string, unknown>;
  id?: string;
  at?: string;
  ref?: string;
};
