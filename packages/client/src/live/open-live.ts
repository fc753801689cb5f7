import { pauseBeforeRetryMs } from '../pause-before-retry.ts';
import { ProblemError } from '../problem-error.ts';
import type { LiveMessage, LiveRequest, ServerFrame } from './live-message.ts';
import { createLiveRequests } from './live-requests.ts';
import { openState, webSocketClass, type LiveSocket, type WebSocketClass } from './web-socket-class.ts';

/** `waiting`: there is no connection, and another try comes. */
export type LiveState = 'connecting' | 'open' | 'waiting' | 'closed';

export interface LiveOptions {
  /** Where to go on: a `position` that was kept. Left out, what happens from now on is told. */
  readonly since?: string;
  onMessage(message: LiveMessage): void;
  /** What happened since the last position is no longer known: read over HTTP what you show. Messages go on from now. */
  onResync(): void;
  onState?(state: LiveState): void;
  /** Milliseconds before the first try after a failure; later ones wait longer, up to 30 s. */
  readonly firstPauseMs?: number;
}

export interface LiveConnection {
  /** Of the last message that was handed over; null before the first connection. Kept, it is a `since` for the next one. */
  position(): string | null;
  /** Resolves when the server has taken it; what lasts is asked for again after an interruption. */
  send(request: LiveRequest): Promise<void>;
  close(): void;
  /** The first connection is there: what happens from now on is told. Rejects where none came before the end. */
  readonly opened: Promise<void>;
  /** Why it is over: null where it was closed here. */
  readonly ended: Promise<Error | null>;
}

const closeCodes = { goingAway: 1001, tooMany: 1013, foreignOrigin: 4403 };
const tooManyPauseMs = 30_000;
/** A connection that has lasted so long was none that fails at once. */
const steadyMs = 10_000;
/** Silence after which the server is asked whether it is there, and then how long for its answer. */
const quietMs = 20_000;
const answerMs = 15_000;

/** Keeps a connection to what happens: after each interruption it goes on from the last message, with a ticket of its own. */
export function openLive(
  {
    address,
    ticket,
    WebSocket: given,
  }: {
    readonly address: string;
    readonly ticket: () => Promise<string>;
    readonly WebSocket: WebSocketClass | undefined;
  },
  options: LiveOptions,
): LiveConnection {
  const Socket = webSocketClass(given);
  const requests = createLiveRequests();
  let position = options.since ?? null;
  let socket: LiveSocket | null = null;
  let failures = 0;
  let isOver = false;
  let nextTry: ReturnType<typeof setTimeout> | undefined;
  let steady: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let end: (reason: Error | null) => void = () => undefined;
  const ended = new Promise<Error | null>((resolve) => (end = resolve));
  let open: () => void = () => undefined;
  const opened = Promise.race([
    new Promise<void>((resolve) => (open = resolve)),
    ended.then((reason) => Promise.reject(reason ?? new Error('The connection was closed before it was open.'))),
  ]);
  // Whoever does not wait for it is told by `ended`.
  opened.catch(() => undefined);

  const tell = (state: LiveState) => options.onState?.(state);

  const finish = (reason: Error | null) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(nextTry);
    letGo();
    requests.closed();
    tell('closed');
    end(reason);
  };

  /** From now on nothing of the socket is heard. */
  const letGo = () => {
    const left = socket;
    socket = null;
    clearTimeout(steady);
    clearTimeout(silence);
    requests.disconnected();
    if (left === null) return;
    left.onopen = left.onmessage = left.onclose = null;
    // `ws` throws where a connection is closed before it was open and nobody listens.
    left.onerror = () => undefined;
    left.close();
  };

  const tryAgainIn = (pauseMs: number) => {
    if (isOver) return;
    failures += 1;
    tell('waiting');
    nextTry = setTimeout(() => void connect(), pauseMs);
  };
  const usualPauseMs = () =>
    pauseBeforeRetryMs(failures, options.firstPauseMs === undefined ? {} : { firstPauseMs: options.firstPauseMs });

  const connect = async () => {
    tell('connecting');
    let redeemed: string;
    try {
      redeemed = await ticket();
    } catch (error) {
      if (error instanceof ProblemError && [401, 403].includes(error.status)) return finish(error);
      const asked = error instanceof ProblemError ? error.retryAfterSeconds : null;
      return tryAgainIn(asked === null ? usualPauseMs() : asked * 1_000);
    }
    if (isOver) return;
    const query = new URLSearchParams({ ticket: redeemed, ...(position === null ? {} : { since: position }) });
    socket = new Socket(`${address}?${query.toString()}`);
    listenTo(socket);
    heard();
  };

  const listenTo = (opened: LiveSocket) => {
    opened.onerror = () => undefined;
    opened.onmessage = ({ data }: { data: unknown }) => {
      heard();
      take(JSON.parse(String(data)) as ServerFrame);
    };
    opened.onclose = ({ code }: { code: number }) => {
      letGo();
      if (code === closeCodes.foreignOrigin)
        return finish(new Error('The service does not list the origin of this page.'));
      if (code === closeCodes.tooMany) return tryAgainIn(tooManyPauseMs + usualPauseMs());
      return tryAgainIn(code === closeCodes.goingAway && failures === 0 ? 0 : usualPauseMs());
    };
  };

  const say = (text: string) => {
    if (socket?.readyState === openState) socket.send(text);
  };

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      say(JSON.stringify({ type: 'ping' }));
      silence = setTimeout(() => {
        letGo();
        tryAgainIn(usualPauseMs());
      }, answerMs);
    }, quietMs);
  };

  const take = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'hello':
        position = frame.data.position;
        steady = setTimeout(() => (failures = 0), steadyMs);
        requests.connected(say);
        open();
        return tell('open');
      case 'resync':
        return options.onResync();
      case 'ack':
      case 'pong':
      case 'error':
        return requests.answered(frame);
      default:
        try {
          return options.onMessage(frame);
        } finally {
          if ('id' in frame) position = frame.id;
        }
    }
  };

  void connect();
  return {
    position: () => position,
    send: (request) =>
      isOver
        ? Promise.reject(new Error('The connection is closed.'))
        : requests.ask(request, socket?.readyState === openState ? say : null),
    close: () => finish(null),
    opened,
    ended,
  };
}
