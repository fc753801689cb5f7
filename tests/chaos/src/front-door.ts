import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The public address of the API: whichever replica is up answers. Platforms fetch media there. */
export async function startFrontDoor(apis: () => readonly string[]): Promise<AsyncDisposable & { origin: string }> {
  const server = createServer((request, response) => {
    pass(apis, request.url ?? '/', response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

/** Shorter than a publisher waits for a platform: one that fetches a picture while it makes a post answers before it is given up. */
const timeoutMs = 1_000;

async function pass(apis: () => readonly string[], path: string, response: ServerResponse): Promise<void> {
  for (const origin of apis()) {
    const answer = await fetch(`${origin}${path}`, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => null);
    if (answer === null) continue;
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body);
    return;
  }
  response.writeHead(502).end();
}
