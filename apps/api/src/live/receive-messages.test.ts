import { EventEmitter } from 'node:events';
import type { ServerMessage } from '@vibetribe/contracts/live-message';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { createMessageBudget, organizationAllowance, socketAllowance } from './message-budget.ts';
import { receiveMessages } from './receive-messages.ts';

let nowMs = 0;
const clock = { monotonicMs: () => nowMs };

class StandInSocket extends EventEmitter {
  isPaused = false;
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

function receive({
  answer = async (_text: string): Promise<void> => undefined,
  organization = organizationAllowance,
} = {}) {
  const socket = new StandInSocket();
  const sent: ServerMessage[] = [];
  const answered: string[] = [];
  receiveMessages({
    socket: socket as unknown as WebSocket,
    budgets: [createMessageBudget(clock, socketAllowance), createMessageBudget(clock, organization)],
    answer: async (text) => {
      answered.push(text);
      await answer(text);
    },
    send: (message) => sent.push(message),
    onError: (error) => {
      throw error;
    },
  });
  return { socket, sent, answered, send: (text: string) => socket.emit('message', Buffer.from(text), false) };
}

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('messages of a client', () => {
  test('are answered one after the other, and while one is answered no more are read', async () => {
    const first = Promise.withResolvers<void>();
    const { socket, send, answered } = receive({
      answer: (text) => (text === '1' ? first.promise : Promise.resolve()),
    });
    send('1');
    expect(socket.isPaused).toBe(true);
    send('2');
    send('3');
    await vi.advanceTimersByTimeAsync(10);
    expect(answered).toEqual(['1']);
    first.resolve();
    await vi.advanceTimersByTimeAsync(10);
    expect(answered).toEqual(['1', '2', '3']);
    expect(socket.isPaused).toBe(false);
  });

  test('that wait while one is answered are at most 128 KiB, whatever their number', async () => {
    const { send, answered, sent } = receive({ answer: () => new Promise(() => undefined) });
    const large = JSON.stringify({ type: 'join-room', data: { room: 'x'.repeat(60_000) } });
    for (let count = 0; count < 300; count += 1) send(large);
    expect(sent.filter(({ type }) => type === 'error')).toHaveLength(298);
    expect(answered).toHaveLength(1);
  });

  test('are refused under their ref while they are small, and without where they are not parsed', () => {
    const { send, sent } = receive();
    for (let count = 0; count < 61; count += 1) send(JSON.stringify({ type: 'ping', ref: `r${count}` }));
    send(JSON.stringify({ type: 'ping', ref: 'large', data: { room: 'x'.repeat(2_000) } }));
    expect(sent).toMatchObject([{ type: 'error', ref: 'r60', data: { code: 'rate_limited' } }, { type: 'error' }]);
    expect(sent[1]).not.toHaveProperty('ref');
  });

  test('in a flood are not read for a second after a hundred refusals, and then again', async () => {
    const { socket, send } = receive();
    for (let count = 0; count < 159; count += 1) send('x');
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.isPaused).toBe(false);
    send('x');
    expect(socket.isPaused).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(socket.isPaused).toBe(false);
  });

  test('count for the organization too', () => {
    const tight = { ...organizationAllowance, messages: 5 };
    const { send, sent } = receive({ organization: tight });
    for (let count = 0; count < 6; count += 1) send('{}');
    expect(sent).toHaveLength(1);
  });
});

describe('a budget', () => {
  test('comes back by the second, in messages and in bytes, up to what it was', () => {
    const budget = createMessageBudget(clock, { messages: 2, messagesPerSecond: 1, bytes: 100, bytesPerSecond: 10 });
    expect([budget.spend(60), budget.spend(60), budget.spend(40), budget.spend(0)]).toEqual([true, false, true, false]);
    nowMs += 1_000;
    expect([budget.spend(11), budget.spend(10), budget.spend(0)]).toEqual([false, true, false]);
    nowMs += 60_000;
    expect([budget.spend(100), budget.spend(1), budget.spend(0), budget.spend(0)]).toEqual([true, false, true, false]);
  });
});
