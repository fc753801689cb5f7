import type { ServerMessage } from '@vibetribe/contracts/live-message';
import type { RawData, WebSocket } from 'ws';
import type { MessageBudget } from './message-budget.ts';
import { refOf } from './parse-message.ts';

/** Refusals in a row after which a socket is not read for a while: what it sends then waits at its sender. */
const refusalsMax = 100;
const restMs = 1_000;

/**
 * Takes a client's messages, one after the other: leaving a room may not overtake joining it. While one is answered the socket is not read,
 * so that what waits here is bounded by the budgets.
 */
export function receiveMessages({
  socket,
  budgets,
  answer,
  send,
  onError,
}: {
  readonly socket: WebSocket;
  /** Of the socket, and of its organization. */
  readonly budgets: readonly MessageBudget[];
  readonly answer: (text: string) => Promise<void>;
  readonly send: (message: ServerMessage) => void;
  readonly onError: (error: unknown) => void;
}): void {
  const waiting: string[] = [];
  let isAnswering = false;
  let refusals = 0;
  let rest: NodeJS.Timeout | null = null;

  const answerAll = async () => {
    isAnswering = true;
    socket.pause();
    try {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) await answer(text);
    } catch (error) {
      onError(error);
    }
    isAnswering = false;
    if (rest === null) socket.resume();
  };

  const refuse = (data: RawData) => {
    send({
      type: 'error',
      data: { code: 'rate_limited', message: 'Too many messages, or too large ones. Slow down.' },
      ...refOf(data),
    });
    refusals += 1;
    if (refusals < refusalsMax || rest !== null) return;
    refusals = 0;
    socket.pause();
    rest = setTimeout(() => {
      rest = null;
      if (!isAnswering) socket.resume();
    }, restMs);
  };

  socket.once('close', () => {
    if (rest !== null) clearTimeout(rest);
    waiting.length = 0;
  });
  socket.on('message', (data, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (!budgets.every((budget) => budget.spend(bytes.length))) {
      refuse(data);
      return;
    }
    refusals = 0;
    waiting.push(isBinary ? '' : bytes.toString());
    if (!isAnswering) void answerAll();
  });
}
