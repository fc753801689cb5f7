/** The clients of `realtime`, as a process of their own: each keeps a socket open, comes back with what it saw last, and counts what it saw. */

interface Open {
  readonly origins: readonly string[];
  readonly accessToken: string;
  readonly count: number;
}

interface Client {
  since: string;
  reconnects: number;
  resyncs: number;
  socket: WebSocket | null;
  /** When each post was seen, ms since the epoch; all of a repeated one. */
  readonly seenAtMs: Map<string, number[]>;
}

export interface ClientsReport {
  /** By post: when each client that saw it saw it first. */
  readonly seenAtMs: Readonly<Record<string, readonly number[]>>;
  readonly repeats: number;
  readonly resyncs: number;
  readonly reconnects: number;
}

const openingAtOnce = 20;
const pauseMs = 100;
const clients: Client[] = [];
let isOver = false;

process.on('message', (message: ({ type: 'open' } & Open) | { type: 'report' }) => {
  if (message.type === 'open') void openAll(message);
  else report();
});

async function openAll(open: Open): Promise<void> {
  for (let index = 0; index < open.count; index += 1)
    clients.push({ since: '', reconnects: 0, resyncs: 0, socket: null, seenAtMs: new Map() });
  for (let first = 0; first < clients.length; first += openingAtOnce)
    await Promise.all(
      clients.slice(first, first + openingAtOnce).map((client, offset) => connect(client, open, first + offset)),
    );
  process.send?.({ type: 'opened' });
}

/** Tries the processes in turn until `hello` is there. */
async function connect(client: Client, open: Open, place: number): Promise<void> {
  for (let attempt = place; !isOver; attempt += 1) {
    const origin = open.origins[attempt % open.origins.length] ?? '';
    if (await tryOnce(client, open, origin, place).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs + (place % 50) * 10));
  }
}

async function tryOnce(client: Client, open: Open, origin: string, place: number): Promise<boolean> {
  const answer = await fetch(`${origin}/api/v1/auth/ws-ticket`, {
    method: 'POST',
    headers: { authorization: `Bearer ${open.accessToken}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) return false;
  const { ticket } = (await answer.json()) as { ticket: string };
  const socket = new WebSocket(
    `${origin.replace('http', 'ws')}/api/v1/ws?ticket=${ticket}&since=${encodeURIComponent(client.since)}`,
  );
  return new Promise((resolve) => {
    let isGreeted = false;
    socket.onmessage = ({ data }) => {
      receive(client, String(data));
      if (!isGreeted) resolve((isGreeted = true));
    };
    socket.onerror = () => undefined;
    socket.onclose = () => {
      if (!isGreeted) return resolve(false);
      if (isOver) return;
      client.reconnects += 1;
      void connect(client, open, place + 1);
    };
    client.socket = socket;
  });
}

function receive(client: Client, text: string): void {
  const atMs = performance.timeOrigin + performance.now();
  const { type, data, id } = JSON.parse(text) as {
    type: string;
    data?: { position?: string; postId?: string };
    id?: string;
  };
  if (type === 'hello') client.since ||= data?.position ?? '';
  if (type === 'resync') client.resyncs += 1;
  if (type === 'post-created' && data?.postId !== undefined)
    client.seenAtMs.set(data.postId, [...(client.seenAtMs.get(data.postId) ?? []), atMs]);
  if (id !== undefined) client.since = id;
}

function report(): void {
  isOver = true;
  const seenAtMs: Record<string, number[]> = {};
  let repeats = 0;
  for (const client of clients) {
    client.socket?.close();
    for (const [postId, [first = 0, ...again]] of client.seenAtMs) {
      (seenAtMs[postId] ??= []).push(first);
      repeats += again.length;
    }
  }
  const sum = (of: 'reconnects' | 'resyncs') => clients.reduce((total, client) => total + client[of], 0);
  const told: ClientsReport = { seenAtMs, repeats, resyncs: sum('resyncs'), reconnects: sum('reconnects') };
  process.send?.({ type: 'report', ...told }, () => process.disconnect());
}
