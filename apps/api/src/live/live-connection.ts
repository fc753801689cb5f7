import type { ServerMessage } from '@vibetribe/contracts/live-message';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import type { WebSocket } from 'ws';
import type { LiveMessage } from './event-message.ts';

/** Application close codes. */
export const closeCodes = { signedOut: 4401, tooSlow: 4008, tooMany: 1013, goingAway: 1001 } as const;

/** Bytes that may wait for a client that does not read. */
const bufferedBytesMax = 1024 * 1024;
/** Events kept aside during a replay; beyond it they are read from the log again. */
const asideMax = 1_000;
const closeTimeoutMs = 2_000;

/** An event's message, put into text once for all sockets. */
export interface OutgoingEvent extends LiveMessage {
  readonly text: string;
}

/** One socket: what it may hear, and how it gets from the log to the live feed without gap or repetition. */
export interface LiveConnection {
  readonly id: string;
  readonly actor: AuthenticatedActor;
  readonly rooms: Set<string>;
  send(message: ServerMessage): void;
  /** An event from the feed: sent at once, or kept aside while the replay is behind it. */
  deliver(event: OutgoingEvent): void;
  /** An event from the log. Resolves when the client's connection has taken it. */
  replay(event: OutgoingEvent): Promise<void>;
  /** Events were missed while they could not be kept aside: read the log on before going live. */
  takeOverflow(): boolean;
  /** Sends what was kept aside and is not replayed yet; from now on events are sent as they come. */
  goLive(): void;
  close(code: number, reason: string): void;
  /** Closes the connections of clients that stopped answering; to be called at intervals. */
  ping(): void;
}

export function createLiveConnection({
  id,
  socket,
  actor,
  isReplaying,
}: {
  readonly id: string;
  readonly socket: WebSocket;
  readonly actor: AuthenticatedActor;
  readonly isReplaying: boolean;
}): LiveConnection {
  let aside: OutgoingEvent[] | null = isReplaying ? [] : null;
  let hasOverflow = false;
  let sentToId = 0;
  let isAnswering = true;
  socket.on('pong', () => {
    isAnswering = true;
  });

  const close = (code: number, reason: string) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.close(code, reason);
    // A client that does not read does not answer the closing either.
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  };

  const sendText = (text: string) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > bufferedBytesMax) close(closeCodes.tooSlow, 'too slow');
    else socket.send(text);
  };

  /** The feed may be behind what the log has been replayed to: nothing goes out twice. */
  const sendOnce = (event: OutgoingEvent) => {
    if (event.cursor.id <= sentToId) return;
    sentToId = event.cursor.id;
    sendText(event.text);
  };

  return {
    id,
    actor,
    rooms: new Set(),
    send: (message) => sendText(JSON.stringify(message)),
    deliver(event) {
      if (!maySee(actor, event)) return;
      if (aside === null) sendOnce(event);
      else if (aside.length < asideMax) aside.push(event);
      else hasOverflow = true;
    },
    async replay(event) {
      sentToId = event.cursor.id;
      if (!maySee(actor, event) || socket.readyState !== socket.OPEN) return;
      await new Promise<void>((resolve) => socket.send(event.text, () => resolve()));
    },
    takeOverflow() {
      const had = hasOverflow;
      if (had) aside = [];
      hasOverflow = false;
      return had;
    },
    goLive() {
      const kept = aside ?? [];
      aside = null;
      for (const event of kept) sendOnce(event);
    },
    close,
    ping() {
      if (!isAnswering) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        isAnswering = false;
        socket.ping();
      }
    },
  };
}

function maySee(actor: AuthenticatedActor, { organizationId, accountIds }: LiveMessage): boolean {
  if (organizationId !== actor.organizationId) return false;
  const allowed = actor.accountIds;
  return allowed === null || accountIds.every((id) => allowed.includes(id));
}
