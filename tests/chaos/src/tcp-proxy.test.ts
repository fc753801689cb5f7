import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Answers each line with the same line, and remembers what it was asked. */
async function startEcho() {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      asked.push(chunk.toString());
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, asked, stop };
}

interface TestClient {
  readonly socket: Socket;
  heard(): string;
  /** How the connection ended: an error's code, `closed`, or null while it lasts. */
  end(): string | null;
}

function startClient(port: number): TestClient {
  const socket = connect({ host: '127.0.0.1', port });
  let heard = '';
  let end: string | null = null;
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? 'error'));
  socket.on('close', () => (end ??= 'closed'));
  return { socket, heard: () => heard, end: () => end };
}

let echo: Awaited<ReturnType<typeof startEcho>>;
let proxy: TcpProxy;
const clients: TestClient[] = [];

beforeEach(async () => {
  echo = await startEcho();
  proxy = await startTcpProxy({ host: '127.0.0.1', port: echo.port });
});

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  echo.stop();
});

async function talkingClient(): Promise<TestClient> {
  const client = startClient(proxy.port);
  clients.push(client);
  client.socket.write('hello');
  await waitFor(() => client.heard() === 'hello', { describe: 'the first answer' });
  return client;
}

test('passes bytes both ways', async () => {
  const client = await talkingClient();
  client.socket.write('again');
  await waitFor(() => client.heard() === 'helloagain', { describe: 'the second answer' });
});

test('refuse: open connections are reset, new ones refused, until it ends', async () => {
  const client = await talkingClient();
  await proxy.set('refuse');
  await waitFor(() => client.end() === 'ECONNRESET', { describe: 'the open connection is reset' });
  const refused = startClient(proxy.port);
  await waitFor(() => refused.end() === 'ECONNREFUSED', { describe: 'a new connection is refused' });
  await proxy.set('pass');
  await talkingClient();
});

test('reset: every open connection ends at once, the next one works', async () => {
  const client = await talkingClient();
  expect(proxy.reset()).toBe(1);
  await waitFor(() => client.end() === 'ECONNRESET', { describe: 'the connection is reset' });
  await talkingClient();
});

test('stall: what was sent arrives when it ends', async () => {
  const client = await talkingClient();
  await proxy.set('stall');
  client.socket.write('late');
  await waitFor(() => client.socket.writableLength === 0, { describe: 'the bytes have left' });
  expect(client.heard()).toBe('hello');
  await proxy.set('pass');
  await waitFor(() => client.heard() === 'hellolate', { describe: 'the late answer' });
});

test('blackhole: what was sent never arrives, and the connection dies when it ends', async () => {
  const client = await talkingClient();
  await proxy.set('blackhole');
  client.socket.write('gone');
  await waitFor(() => proxy.swallowedBytes() === 4, { describe: 'the bytes are swallowed' });
  await proxy.set('pass');
  await waitFor(() => client.end() === 'ECONNRESET', { describe: 'the connection is reset' });
  expect(echo.asked).toEqual(['hello']);
});

test('cut after the request: the server gets it and the client gets no answer', async () => {
  const client = await talkingClient();
  await proxy.set('cut_after_request');
  client.socket.write('commit');
  await waitFor(() => client.end() === 'ECONNRESET', { describe: 'the connection is cut' });
  expect(echo.asked).toEqual(['hello', 'commit']);
  expect(client.heard()).toBe('hello');
  expect(proxy.cuts()).toBe(1);
});

test('cut after the answer: the client gets it, then the connection ends', async () => {
  const client = await talkingClient();
  await proxy.set('cut_after_answer');
  client.socket.write('commit');
  await waitFor(() => client.end() === 'closed', { describe: 'the connection ends' });
  expect(client.heard()).toBe('hellocommit');
});

test('lose the answer to a text: that connection is cut once, others go on', async () => {
  const [client, other] = [await talkingClient(), await talkingClient()];
  proxy.loseAnswerTo('commit');
  other.socket.write('select');
  await waitFor(() => other.heard() === 'helloselect', { describe: 'another request is answered' });
  client.socket.write('commit');
  await waitFor(() => client.end() === 'ECONNRESET', { describe: 'the connection is cut' });
  expect(echo.asked).toContain('commit');
  other.socket.write('commit');
  await waitFor(() => other.heard() === 'helloselectcommit', { describe: 'the next one is answered' });
});
