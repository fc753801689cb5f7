import { ClientMessage, type ServerMessage } from '@vibetribe/contracts/live-message';
import type { ErrorCode } from '@vibetribe/contracts/error-code';
import type { Database } from '@vibetribe/db/connect-database';
import { posts } from '@vibetribe/db/schema/posts';
import { publications } from '@vibetribe/db/schema/publications';
import { and, eq, isNull } from 'drizzle-orm';
import type { LiveConnection } from './live-connection.ts';

/** What a client's message asks of the other sockets. */
export interface Typing {
  readonly type: 'user-typing' | 'user-stopped-typing';
  readonly room: string;
}

type Refusal = { readonly code: ErrorCode; readonly message: string };

/** Does what a client's message says and gives the answer to it; `tell` passes on what others in the organization should hear. */
export async function answerClient(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  text: string,
  tell: (typing: Typing) => void,
): Promise<ServerMessage> {
  const parsed = ClientMessage.safeParse(jsonOf(text));
  if (!parsed.success) {
    return refused(refOf(jsonOf(text)), {
      code: 'validation_failed',
      message: 'The message is not one of the known ones.',
    });
  }
  const { type, ref } = parsed.data;
  if (type === 'ping') return { type: 'pong', ...(ref === undefined ? {} : { ref }) };
  const room = await roomOf(db, connection, parsed.data);
  if (typeof room !== 'string') return refused(ref, room);
  switch (type) {
    case 'join-room':
    case 'subscribe-post-updates':
    case 'subscribe-analytics-updates':
      connection.rooms.add(room);
      break;
    case 'leave-room':
    case 'unsubscribe-post-updates':
    case 'unsubscribe-analytics-updates':
      connection.rooms.delete(room);
      break;
    case 'typing-start':
      tell({ type: 'user-typing', room });
      break;
    case 'typing-stop':
      tell({ type: 'user-stopped-typing', room });
      break;
  }
  return { type: 'ack', ...(ref === undefined ? {} : { ref }) };
}

/** The room meant, which is always one within the socket's own organization, under its inner name. */
async function roomOf(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  { type, data }: ClientMessage,
): Promise<string | Refusal> {
  const { organizationId } = connection.actor;
  if (type === 'subscribe-analytics-updates' || type === 'unsubscribe-analytics-updates') return 'analytics';
  const postId = data.postId ?? /^post:(.+)$/.exec(data.room ?? '')?.[1];
  if (postId !== undefined) {
    const isOwn = await isVisiblePost(db, connection, postId);
    return isOwn ? `post:${postId}` : { code: 'not_found', message: 'There is no such post.' };
  }
  if (data.room === undefined) return { code: 'validation_failed', message: 'Name a room or a postId.' };
  const isOrganization = [organizationId, `organization:${organizationId}`, `org:${organizationId}`].includes(
    data.room,
  );
  return isOrganization ? 'organization' : { code: 'not_found', message: 'There is no such room.' };
}

async function isVisiblePost(
  db: Pick<Database, 'asTenant'>,
  { actor }: LiveConnection,
  postId: string,
): Promise<boolean> {
  if (!postId.isWellFormed() || postId.includes('\0')) return false;
  return db.asTenant(actor.organizationId, async (tx) => {
    const [post] = await tx
      .select({ id: posts.id })
      .from(posts)
      .where(and(eq(posts.id, postId), isNull(posts.deletedAt)));
    if (post === undefined || actor.accountIds === null) return post !== undefined;
    const allowed = actor.accountIds;
    const rows = await tx
      .select({ accountId: publications.accountId })
      .from(publications)
      .where(eq(publications.postId, postId));
    return rows.every((row) => allowed.includes(row.accountId));
  });
}

function refused(ref: string | undefined, data: Refusal): ServerMessage {
  return { type: 'error', data: { ...data }, ...(ref === undefined ? {} : { ref }) };
}

/** So that a client can tell which of its messages was not understood. */
function refOf(value: unknown): string | undefined {
  const ref: unknown = typeof value === 'object' && value !== null && 'ref' in value ? value.ref : undefined;
  return typeof ref === 'string' ? ref.slice(0, 100) : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
