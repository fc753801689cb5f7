import type { Socket } from 'node:net';
import type { ServerMessage } from '@vibetribe/contracts/live-message';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import type { WebSocket } from 'ws';
import { closeCodes } from './close-codes.ts';
import { bytesOf, type Frame, type LoggedFrame } from './frame.ts';
import { organizationRoom } from './rooms.ts';

/** Bytes that may wait for a client that does not read. */
const bufferedBytesMax = 1024 * 1024;
/** Bytes of a replay that are sent before the client's connection has taken the earlier ones. */
const replayBytesMax = 256 * 1024;
/** Frames kept aside during a replay; beyond it they are read from the log again. */
const asideMax = 200;
const closeTimeoutMs = 2_000;
/** One that could not keep up has to read what waits for it before it comes to the reason. */
const slowCloseTimeoutMs = 15_000;

/** One socket: what it may hear, and how it gets from the log to the live feed without gap or repetition. */
export interface LiveConnection {
  readonly id: string;
  /** Whose it is, as of the last look. */
  actor(): AuthenticatedActor;
  renew(actor: AuthenticatedActor): void;
  readonly rooms: Set<string>;
  isOpen(): boolean;
  send(message: ServerMessage): void;
  /** Frames from the feed: sent at once, or kept aside while the replay is behind them. */
  deliver(frames: readonly Frame[]): void;
  /** Frames from the log. Resolves when the client's connection has taken them, or is gone. */
  replay(frames: readonly LoggedFrame[]): Promise<void>;
  /** Frames were missed while they could not be kept aside: read the log on before going live. */
  takeOverflow(): boolean;
  /** Sends what was kept aside and is not replayed yet; from now on frames are sent as they come. */
  goLive(): void;
  close(code: number, reason: string): void;
  /** Closes the connections of clients that stopped answering; to be called at intervals. */
  ping(): void;
}

/** @param stream the TCP connection below the socket, so that frames which go out together share a system call */
export function createLiveConnection({
  id,
  socket,
  stream,
  actor: firstActor,
}: {
  readonly id: string;
  readonly socket: WebSocket;
  readonly stream: Pick<Socket, 'cork' | 'uncork'>;
  readonly actor: AuthenticatedActor;
}): LiveConnection {
  const rooms = new Set([organizationRoom]);
  let actor = firstActor;
  let aside: LoggedFrame[] | null = [];
  let hasOverflow = false;
  let sentToId = 0;
  let isAnswering = true;
  socket.on('pong', () => {
    isAnswering = true;
  });

  const isOpen = () => socket.readyState === socket.OPEN;

  let cutting: NodeJS.Timeout | undefined;
  let hasTime = false;
  /** A client that does not read does not answer the closing either. */
  const cutIn = (timeoutMs: number) => {
    clearTimeout(cutting);
    cutting = setTimeout(() => socket.terminate(), timeoutMs);
    cutting.unref();
  };

  const close = (code: number, reason: string) => {
    if (isOpen()) {
      hasTime = code === closeCodes.tooSlow;
      socket.close(code, reason);
      socket.once('close', () => clearTimeout(cutting));
      cutIn(hasTime ? slowCloseTimeoutMs : closeTimeoutMs);
    } else if (hasTime) {
      hasTime = false;
      cutIn(closeTimeoutMs);
    }
  };

  const write = (bytes: Buffer, done?: () => void) => {
    if (isOpen()) socket.send(bytes, { binary: false }, done);
    else done?.();
  };

  const together = (send: () => void) => {
    if (isOpen() && socket.bufferedAmount > bufferedBytesMax) close(closeCodes.tooSlow, 'too slow');
    stream.cork();
    try {
      send();
    } finally {
      stream.uncork();
    }
  };

  /** The feed may be behind what the log has been replayed to: nothing goes out twice. */
  const sendOnce = (frame: Frame) => {
    if (frame.eventId !== null) {
      if (frame.eventId <= sentToId) return;
      sentToId = frame.eventId;
    }
    write(frame.bytes);
  };

  const mayHear = (frame: Frame): boolean => {
    if (!frame.rooms.some((room) => rooms.has(room))) return false;
    if (frame.eventId === null) return frame.aboutId !== id;
    // What somebody does not want to see, their keys' programs may.
    const { userId, scopes } = actor;
    if (userId !== null && scopes === null && frame.hiddenFrom?.includes(userId) === true) return false;
    const allowed = actor.accountIds;
    return allowed === null || frame.accountIds.every((accountId) => allowed.includes(accountId));
  };

  const keepAside = (frame: Frame) => {
    // What is true for the moment is told anew to whoever goes live.
    if (frame.eventId === null || aside === null) return;
    if (aside.length < asideMax) aside.push(frame);
    else hasOverflow = true;
  };

  return {
    id,
    actor: () => actor,
    renew: (renewed) => void (actor = renewed),
    rooms,
    isOpen,
    send: (message) => together(() => write(bytesOf(message))),
    deliver(frames) {
      const heard = frames.filter(mayHear);
      if (heard.length === 0 || !isOpen()) return;
      if (aside === null) together(() => heard.forEach(sendOnce));
      else heard.forEach(keepAside);
    },
    async replay(frames) {
      for (const portion of portionsOf(frames.filter(mayHear))) {
        await new Promise<void>((resolve) => {
          const last = portion.at(-1);
          together(() => portion.forEach((frame) => write(frame.bytes, frame === last ? resolve : undefined)));
        });
      }
      sentToId = Math.max(sentToId, frames.at(-1)?.eventId ?? 0);
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
      together(() => kept.forEach(sendOnce));
    },
    close,
    ping() {
      if (!isAnswering) socket.terminate();
      else if (isOpen()) {
        isAnswering = false;
        socket.ping();
      }
    },
  };
}

function portionsOf(frames: readonly LoggedFrame[]): LoggedFrame[][] {
  const portions: LoggedFrame[][] = [];
  let bytes = Infinity;
  for (const frame of frames) {
    bytes += frame.bytes.length;
    if (bytes > replayBytesMax) {
      portions.push([]);
      bytes = frame.bytes.length;
    }
    portions.at(-1)?.push(frame);
  }
  return portions;
}
