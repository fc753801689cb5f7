import { z } from 'zod';
import { ErrorCode } from './error-code.ts';
import { Notification } from './notification.ts';
import { PostStatus } from './post-status.ts';
import { Publication } from './post.ts';
import { TimelineItem } from './timeline.ts';

/** What a client calls one of its messages. */
export const Ref = z.union([z.string().max(100), z.number()]);
export type Ref = z.infer<typeof Ref>;

/** What a WebSocket client may send; each is answered `ack`, `pong` or `error` with its `ref`. docs/events.md says what each one does. */
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
  ref: Ref.optional(),
});
export type ClientMessage = z.infer<typeof ClientMessage>;

const ref = Ref.optional();

/** `id` is what `since` takes to resume after this message; `at` is when it happened. */
const inLog = { id: z.string(), at: z.iso.datetime({ offset: true }) };

/**
 * `status` and `publication` are as they are when the message is sent, `events` is what happened, oldest first: one thing live, all of a
 * publication's together where they are replayed. Their ids are those of `GET /posts/:id/timeline`.
 */
const happened = { postId: z.string(), status: PostStatus, events: z.array(TimelineItem).min(1) };

/** One socket of one user. */
const presence = { userId: z.string(), connectionId: z.string() };
const PresenceData = z.object(presence);

/** Where somebody types: a post, or another room by its name. */
const TypingData = z.object({ ...presence, postId: z.string().optional(), room: z.string().optional() });

export const ServerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), data: z.object({ position: z.string() }) }),
  z.object({ type: z.literal('ack'), ref }),
  z.object({ type: z.literal('pong'), ref }),
  z.object({ type: z.literal('error'), data: z.object({ code: ErrorCode, message: z.string() }), ref }),
  z.object({ type: z.literal('resync') }),
  z.object({ type: z.literal('post-created'), data: z.object(happened), ...inLog }),
  z.object({
    type: z.literal('post-status-update'),
    data: z.object({ ...happened, publication: Publication.optional(), deleted: z.literal(true).optional() }),
    ...inLog,
  }),
  z.object({
    type: z.literal('analytics-update'),
    data: z.looseObject({ accountId: z.string().optional(), postId: z.string().optional() }),
    ...inLog,
  }),
  z.object({ type: z.literal('notification'), data: Notification, ...inLog }),
  z.object({ type: z.literal('user-connected'), data: PresenceData }),
  z.object({ type: z.literal('user-disconnected'), data: PresenceData }),
  z.object({ type: z.literal('user-typing'), data: TypingData }),
  z.object({ type: z.literal('user-stopped-typing'), data: TypingData }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;
export type ServerMessageType = ServerMessage['type'];

/** Those that stand in the event log: they carry an `id`, and come again when a client resumes. */
export type LoggedMessage = Extract<ServerMessage, { id: string }>;
