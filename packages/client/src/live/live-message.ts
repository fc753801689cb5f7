import type { Schemas } from '../paths.ts';

/** What stands in the log: `id` is a `since` to go on from after it. */
interface InLog {
  readonly id: string;
  readonly at: string;
}

interface Happened {
  readonly postId: string;
  readonly status: Schemas['PostStatus'];
  /** As on the post's timeline, oldest first: one event live, all that were missed together after an interruption. */
  readonly events: readonly Schemas['TimelineItem'][];
}

interface Presence {
  readonly userId: string;
  readonly connectionId: string;
}

type Typing = Presence & { readonly postId?: string; readonly room?: string };

/** What the server tells. */
export type LiveMessage =
  | ({ readonly type: 'post-created'; readonly data: Happened } & InLog)
  | ({
      readonly type: 'post-status-update';
      readonly data: Happened & { readonly publication?: Schemas['Publication']; readonly deleted?: true };
    } & InLog)
  | ({
      readonly type: 'analytics-update';
      readonly data: { readonly accountId?: string; readonly postId?: string };
    } & InLog)
  | ({ readonly type: 'notification'; readonly data: Schemas['Notification'] } & InLog)
  | { readonly type: 'user-connected' | 'user-disconnected'; readonly data: Presence }
  | { readonly type: 'user-typing' | 'user-stopped-typing'; readonly data: Typing };

/** What a client asks for; rooms and subscriptions are taken up again after an interruption. */
export interface LiveRequest {
  readonly type:
    | 'join-room'
    | 'leave-room'
    | 'subscribe-post-updates'
    | 'unsubscribe-post-updates'
    | 'subscribe-analytics-updates'
    | 'unsubscribe-analytics-updates'
    | 'typing-start'
    | 'typing-stop'
    | 'ping';
  readonly data?: { readonly room?: string; readonly postId?: string };
}

/** Everything that comes over the socket. */
export type ServerFrame =
  | LiveMessage
  | { readonly type: 'hello'; readonly data: { readonly position: string } }
  | { readonly type: 'resync' }
  | { readonly type: 'ack' | 'pong'; readonly ref?: string }
  | {
      readonly type: 'error';
      readonly data: { readonly code: Schemas['ErrorCode']; readonly message: string };
      readonly ref?: string;
    };
