import type { ClientMessage, ServerMessage } from '@vibetribe/contracts/live-message';
import type { ErrorCode } from '@vibetribe/contracts/error-code';
import type { LiveConnection } from './live-connection.ts';
import { parseMessage } from './parse-message.ts';
import type { PostLookup } from './post-lookup.ts';
import { analyticsRoom, namedPost, organizationRoom, postOfRoom, postRoom } from './rooms.ts';

/** What a client's message asks of the other sockets. */
export interface Typing {
  readonly room: string;
  readonly isTyping: boolean;
}

type Refusal = { readonly code: ErrorCode; readonly message: string };

/** Rooms that one socket may be in. */
const roomsMax = 500;

/** Does what a client's message says and gives the answer to it; `type` tells the others in a room that somebody types. */
export async function answerClient(
  hasPost: PostLookup,
  connection: Pick<LiveConnection, 'actor' | 'rooms'>,
  text: string,
  type: (typing: Typing) => void,
): Promise<ServerMessage> {
  const { message, ref } = parseMessage(text);
  if (message === null)
    return {
      type: 'error',
      data: { code: 'validation_failed', message: 'The message is not one of the known ones.' },
      ...ref,
    };
  if (message.type === 'ping') return { type: 'pong', ...ref };
  const room = roomOf(connection, message);
  const refusal = typeof room === 'string' ? await act(hasPost, connection, message.type, room, type) : room;
  return refusal === null ? { type: 'ack', ...ref } : { type: 'error', data: refusal, ...ref };
}

async function act(
  hasPost: PostLookup,
  connection: Pick<LiveConnection, 'actor' | 'rooms'>,
  verb: Exclude<ClientMessage['type'], 'ping'>,
  room: string,
  type: (typing: Typing) => void,
): Promise<Refusal | null> {
  const { rooms } = connection;
  switch (verb) {
    // Also out of what no longer exists.
    case 'leave-room':
    case 'unsubscribe-post-updates':
    case 'unsubscribe-analytics-updates':
      rooms.delete(room);
      return null;
    case 'typing-stop':
      type({ room, isTyping: false });
      return null;
    case 'join-room':
    case 'subscribe-post-updates':
    case 'subscribe-analytics-updates': {
      if (!(await mayEnter(hasPost, connection, room))) return unknownPost;
      if (rooms.size >= roomsMax && !rooms.has(room))
        return { code: 'quota_exceeded', message: `A socket can be in ${roomsMax} rooms.` };
      rooms.add(room);
      return null;
    }
    case 'typing-start': {
      if (!(await mayEnter(hasPost, connection, room))) return unknownPost;
      type({ room, isTyping: true });
      return null;
    }
  }
}

async function mayEnter(hasPost: PostLookup, { actor }: Pick<LiveConnection, 'actor'>, room: string): Promise<boolean> {
  const postId = postOfRoom(room);
  return postId === null || hasPost(actor(), postId);
}

const unknownPost: Refusal = { code: 'not_found', message: 'There is no such post.' };

/** The room meant, which is always one within the socket's own organization, under its inner name. */
function roomOf(
  { actor }: Pick<LiveConnection, 'actor'>,
  { type, data: { room, postId } }: ClientMessage,
): string | Refusal {
  const named = postId ?? (room === undefined ? null : namedPost(room));
  if (type === 'subscribe-analytics-updates' || type === 'unsubscribe-analytics-updates') {
    const isMeant = named !== null || room === undefined || isOwn(actor().organizationId, room);
    return isMeant ? analyticsRoom(named) : unknownRoom;
  }
  if (named !== null) return postRoom(named);
  if (type === 'subscribe-post-updates' || type === 'unsubscribe-post-updates')
    return { code: 'validation_failed', message: 'Name a postId.' };
  if (room === undefined) return { code: 'validation_failed', message: 'Name a room or a postId.' };
  return isOwn(actor().organizationId, room) ? organizationRoom : unknownRoom;
}

const unknownRoom: Refusal = { code: 'not_found', message: 'There is no such room.' };

function isOwn(organizationId: string, room: string): boolean {
  return [organizationId, `organization:${organizationId}`, `org:${organizationId}`].includes(room);
}
