import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What a client was told of one event. */
export interface Told {
  /** As on the timeline. */
  readonly eventId: number;
  readonly atMs: number;
  readonly receivedAtMs: number;
}

/** A client that stays connected: whenever it is cut off it comes back, wherever somebody answers, with the last position it knows. */
export interface LiveClient extends AsyncDisposable {
  readonly told: readonly Told[];
  /** It has been greeted, and hears. */
  isConnected(): boolean;
  /** Gives its connection up, and comes back at the replica that it prefers now. */
  reconnect(): void;
  resyncs(): number;
  connections(): number;
}

export interface LiveDoor {
  /** Origins of the replicas that are up, the preferred one first. */
  origins(): readonly string[];
  readonly token: string;
}

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly data?: {
    readonly position?: string;
    readonly events?: readonly { readonly id: string; readonly at: string }[];
  };
}

const pauseMs = 100;

export function startLiveClient(door: LiveDoor): LiveClient {
  const told: Told[] = [];
  let since: string | null = null;
  let socket: WebSocket | null = null;
  let resyncs = 0;
  let connections = 0;
  let isGreeted = false;
  let isClosed = false;

  const take = (text: string) => {
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'resync') resyncs += 1;
    if (frame.type === 'hello') {
      isGreeted = true;
      since ??= frame.data?.position ?? null;
    }
    if (frame.id === undefined) return;
    since = frame.id;
    const receivedAtMs = Date.now();
    for (const { id, at } of frame.data?.events ?? [])
      told.push({ eventId: Number(id), atMs: Date.parse(at), receivedAtMs });
  };

  /** Resolves when the connection is over. */
  const connect = async (origin: string): Promise<void> => {
    const answer = await fetch(`${origin}/api/v1/auth/ws-ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${door.token}` },
    });
    const { ticket } = (await answer.json()) as { ticket: string };
    const query = new URLSearchParams({ ticket, ...(since === null ? {} : { since }) });
    const opened = new WebSocket(`${origin.replace('http', 'ws')}/api/v1/ws?${query.toString()}`, {
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve) => {
      opened.on('open', () => {
        socket = opened;
        connections += 1;
      });
      opened.on('message', (data) => take(String(data as Buffer)));
      opened.on('error', () => undefined);
      opened.on('close', () => resolve());
    });
    socket = null;
    isGreeted = false;
  };

  const stay = async () => {
    let failures = 0;
    while (!isClosed) {
      const origins = door.origins();
      // A replica that has just been killed may still be listed: the next turn asks the other one.
      const origin = origins[failures % Math.max(1, origins.length)];
      const before = connections;
      if (origin !== undefined) await connect(origin).catch(() => undefined);
      failures = connections === before ? failures + 1 : 0;
      if (!isClosed) await delay(pauseMs);
    }
  };
  const staying = stay();

  return {
    told,
    isConnected: () => isGreeted && socket?.readyState === WebSocket.OPEN,
    reconnect: () => socket?.terminate(),
    resyncs: () => resyncs,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      socket?.terminate();
      await staying;
    },
  };
}
