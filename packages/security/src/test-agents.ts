import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { afterEach, expect, vi } from 'vitest';
import type { LookupAll } from './checked-lookup.ts';
import { type GuardedAgentOptions, createGuardedAgent } from './guarded-agent.ts';

export const publicAddress = '93.184.216.34';
let stack = new AsyncDisposableStack();

afterEach(async () => {
  vi.unstubAllEnvs();
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

export function agentWith(options: Partial<GuardedAgentOptions>) {
  const agent = createGuardedAgent({ allow: () => false, connectTimeoutMs: 5000, ...options });
  stack.defer(() => agent.destroy());
  return agent;
}

export function answering(addresses: readonly string[]): LookupAll {
  return (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

export async function refusalOf(agent: ReturnType<typeof agentWith>, url: string): Promise<unknown> {
  const { origin } = new URL(url);
  const error = await agent.request({ origin, path: '/', method: 'GET' }).then(
    () => new Error('was not refused'),
    (refusal: unknown) => refusal,
  );
  expect(error).toMatchObject({ code: 'ADDRESS_REFUSED' });
  return error instanceof Error && 'reason' in error ? error.reason : undefined;
}

/** A server that accepts and says nothing. */
export async function listening() {
  const connections: Socket[] = [];
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => socket.destroy());
  });
  return { ...(await started(server)), connections, received };
}

export async function started(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
}
