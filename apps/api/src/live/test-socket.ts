import { once } from 'node:events';
import { ServerMessage, type LoggedMessage, type ServerMessageType } from '@vibetribe/contracts/live-message';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { WebSocket } from 'ws';
import type { TestApi } from '../test-api.ts';

type Message<Type extends ServerMessageType> = Extract<ServerMessage, { type: Type }>;

export interface TestSocket extends AsyncDisposable {
  readonly socket: WebSocket;
  /** Everything received, each message as the contract has it. */
  readonly received: ServerMessage[];
  /** The messages that stand in the log, in the order they came. */
  events(): LoggedMessage[];
  /** The ids of everything that the messages tell has happened to posts, in that order. */
  happened(): string[];
  of<Type extends ServerMessageType>(type: Type): Message<Type>[];
  /** Sends a message and waits for the answer to it. */
  ask(type: string, data?: Record<string, unknown>): Promise<ServerMessage>;
  /** The first message of the type received, now or later, that fits. */
  next<Type extends ServerMessageType>(type: Type, fits?: (message: Message<Type>) => boolean): Promise<Message<Type>>;
  /** The first that stands in the log. */
  nextEvent(): Promise<LoggedMessage>;
  readonly closed: Promise<{ code: number }>;
}

export async function ticketFor(api: TestApi, token: string, replica = 0): Promise<string> {
  const { json } = await api.call('POST', '/api/v1/auth/ws-ticket', { token, replica });
  return String(json['ticket']);
}

interface SocketOptions {
  readonly replica?: number;
  readonly since?: string | undefined;
  readonly origin?: string;
}

/** Connects with a fresh ticket, and resolves once the server answers. */
export async function openSocket(api: TestApi, token: string, options: SocketOptions = {}): Promise<TestSocket> {
  const ticket = await ticketFor(api, token, options.replica);
  const opened = await connectSocket(api, { ticket, ...options });
  await opened.ask('ping');
  return opened;
}

export async function connectSocket(
  api: TestApi,
  { ticket, replica = 0, since, origin }: SocketOptions & { readonly ticket: string },
): Promise<TestSocket> {
  const url = new URL('/api/v1/ws', (api.replicas[replica]?.url ?? '').replace('http', 'ws'));
  url.searchParams.set('ticket', ticket);
  if (since !== undefined) url.searchParams.set('since', since);
  const socket = new WebSocket(url, origin === undefined ? {} : { origin });
  const received: ServerMessage[] = [];
  socket.on('message', (data) => received.push(ServerMessage.parse(JSON.parse(String(data as Buffer)))));
  const closed = once(socket, 'close').then(([code]) => ({ code: Number(code) }));
  await once(socket, 'open');
  let asked = 0;

  const first = async <Found>(find: () => Found | undefined, what: string): Promise<Found> => {
    const found = await waitFor(find, { describe: () => `${what}; received: ${JSON.stringify(received)}` });
    if (found === undefined) throw new Error(what);
    return found;
  };
  const of: TestSocket['of'] = <Type extends ServerMessageType>(type: Type) =>
    received.filter((message): message is Message<Type> => message.type === type);
  const events = () => received.filter((message): message is LoggedMessage => 'id' in message);

  return {
    socket,
    received,
    of,
    events,
    happened: () =>
      events().flatMap((message) =>
        message.type === 'post-created' || message.type === 'post-status-update'
          ? message.data.events.map(({ id }) => id)
          : [],
      ),
    closed,
    next: (type, fits = () => true) => first(() => of(type).find(fits), `a message ${type}`),
    nextEvent: () => first(() => events()[0], 'an event'),
    ask(type, data = {}) {
      const ref = `r${(asked += 1)}`;
      socket.send(JSON.stringify({ type, data, ref }));
      return first(() => received.find((message) => 'ref' in message && message.ref === ref), `an answer to ${type}`);
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}
