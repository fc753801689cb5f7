import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `refuse`: nobody listens, and what was open is reset. `stall`: nothing gets through; it is delivered late, when the mode ends.
 * `blackhole`: nothing gets through, ever; whoever lost bytes is reset when the mode ends. `cut_after_request`: the request arrives
 * and its answer does not. `cut_after_answer`: the answer arrives and the connection ends right after it.
 */
export type ProxyMode = 'pass' | 'refuse' | 'stall' | 'blackhole' | 'cut_after_request' | 'cut_after_answer';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the mode holds. */
  set(mode: ProxyMode): Promise<void>;
  /** The next request that contains the text arrives, its answer does not: on its connection only, once. */
  loseAnswerTo(text: string): void;
  /** Resets every open connection; answers how many. */
  reset(): number;
  /** Connections cut by one of the modes so far. */
  cuts(): number;
  /** Bytes that went into the black hole so far. */
  swallowedBytes(): number;
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Bytes of it went into the black hole. */
  lost: boolean;
  /** Its next answer is withheld. */
  doomed: boolean;
}

/** A TCP proxy on the loopback address that can be a bad network. */
export async function startTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: ProxyMode = 'pass';
  let cuts = 0;
  let swallowedBytes = 0;
  let doomedText: string | null = null;

  const swallow = (link: Link, { length }: Buffer) => {
    link.lost = true;
    swallowedBytes += length;
  };
  const cut = (link: Link, end: (link: Link) => void) => {
    cuts += 1;
    links.delete(link);
    end(link);
    link.upstream.destroy();
  };

  const accept = (client: Socket) => {
    const upstream = connect(target);
    const link: Link = { client, upstream, lost: false, doomed: false };
    links.add(link);
    for (const [near, far] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      near.setNoDelay(true);
      near.on('error', () => far.destroy());
      near.on('end', () => far.end());
      near.on('close', () => {
        links.delete(link);
        far.destroy();
      });
      near.on('drain', () => mode !== 'stall' && far.resume());
    }
    client.on('data', (chunk: Buffer) => {
      if (doomedText !== null && chunk.includes(doomedText)) {
        doomedText = null;
        link.doomed = true;
      }
      if (mode === 'blackhole') swallow(link, chunk);
      else if (!upstream.write(chunk)) client.pause();
    });
    upstream.on('data', (chunk: Buffer) => {
      if (mode === 'blackhole') swallow(link, chunk);
      else if (mode === 'cut_after_request' || link.doomed) cut(link, reset);
      else if (mode === 'cut_after_answer') cut(link, () => client.end(chunk));
      else if (!client.write(chunk)) upstream.pause();
    });
    if (mode === 'stall') hold(link);
  };

  const server = createServer({ allowHalfOpen: true }, accept);
  const { port } = await listen(server, 0);
  const resetAll = () => {
    const open = [...links];
    for (const link of open) reset(link);
    return open.length;
  };

  return {
    port,
    reset: resetAll,
    loseAnswerTo(text) {
      doomedText = text;
    },
    cuts: () => cuts,
    swallowedBytes: () => swallowedBytes,
    async set(next) {
      const last = mode;
      mode = next;
      if (next === 'refuse' && last !== 'refuse') {
        server.close();
        resetAll();
      }
      if (next !== 'refuse' && last === 'refuse') await listen(server, port);
      if (last === 'blackhole' && next !== 'blackhole') [...links].filter(({ lost }) => lost).forEach(reset);
      if (next === 'stall') links.forEach(hold);
      else links.forEach(release);
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) server.close();
      resetAll();
      await Promise.resolve();
    },
  };
}

async function listen(server: Server, port: number): Promise<AddressInfo> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

function reset({ client, upstream }: Link): void {
  client.resetAndDestroy();
  upstream.resetAndDestroy();
}

function hold({ client, upstream }: Link): void {
  client.pause();
  upstream.pause();
}

function release({ client, upstream }: Link): void {
  client.resume();
  upstream.resume();
}
