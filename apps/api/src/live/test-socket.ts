import { once } from 'node:events';
import type { ServerMessage } from '@vibetribe/contracts/live-message';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { WebSocket } from 'ws';
import type { TestApi } from '../test-api.ts';

export interface TestSocket extends AsyncDisposable {
  readonly socket: WebSocket;
  readonly received: ServerMessage[];
  /** The messages that carry an id, in the order they came. */
  events(): ServerMessage[];
  /** Sends a message and waits for the answer to it. */
  ask(type: string, data?: Record<string, unknown>): Promise<ServerMessage>;
  /** The first message received, now or later, that fits. */
  next(fits: (message: ServerMessage) => boolean, describe: string): Promise<ServerMessage>;
  readonly closed: Promise<{ code: number }>;
}

export async function ticketFor(api: TestApi, token: string, replica = 0): Promise<string> {
  const { json } = await api.call('POST', '/api/v1/auth/ws-ticket', { token, replica });
  return String(json['ticket']);
}

/** Connects with a fresh ticket, and resolves once the server answers. */
export async function openSocket(
  api: TestApi,
  token: string,
  { replica = 0, since }: { replica?: number; since?: string | undefined } = {},
): Promise<TestSocket> {
  const ticket = await ticketFor(api, token, replica);
  const opened = await connectSocket(api, { ticket, replica, since });
  await opened.ask('ping');
  return opened;
}

export async function connectSocket(
  api: TestApi,
  { ticket, replica = 0, since }: { ticket: string; replica?: number; since?: string | undefined },
): Promise<TestSocket> {
  const url = new URL('/api/v1/ws', (api.replicas[replica]?.url ?? '').replace('http', 'ws'));
  url.searchParams.set('ticket', ticket);
  if (since !== undefined) url.searchParams.set('since', since);
  const socket = new WebSocket(url);
  const received: ServerMessage[] = [];
  socket.on('message', (data) => received.push(JSON.parse(String(data as Buffer))));
  const closed = once(socket, 'close').then(([code]) => ({ code: Number(code) }));
  await once(socket, 'open');
  let asked = 0;
  const next: TestSocket['next'] = (fits, describe) =>
    waitFor(() => received.find(fits), { describe: () => `${describe}; received: ${JSON.stringify(received)}` }).then(
      (found) => {
        if (found === undefined) throw new Error(describe);
        return found;
      },
    );
  return {
    socket,
    received,
    next,
    closed,
    events: () => received.filter((message) => message.id !== undefined),
    ask(type, data = {}) {
      const ref = `r${(asked += 1)}`;
      socket.send(JSON.stringify({ type, data, ref }));
      return next((message) => message.ref === ref, `an answer to ${type}`);
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}
