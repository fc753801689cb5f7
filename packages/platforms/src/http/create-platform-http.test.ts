import type { Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { describe, expect, test, vi } from 'vitest';
import { platformAgentOptions, type PlatformCall } from './create-platform-http.ts';
import { bodyOf, startHttpServer, startTcpServer } from '../testing/test-server.ts';
import { clientWith, failureOf, postTo, answerOk, slowlyConnecting, disposable } from '../testing/test-http-client.ts';

describe('an answered request', () => {
  test('goes out once, with its length, and comes back whole', async () => {
    const seen: unknown[] = [];
    await using server = await startHttpServer(async (request, response) => {
      seen.push({ url: request.url, headers: request.headers, body: await bodyOf(request) });
      response.writeHead(201, { 'X-Thing': 'a', 'content-type': 'text/plain' }).end('{"id":"9007199254740993"}');
    });

    const response = await clientWith().request(postTo(`${server.origin}/posts?a=1`));

    expect(response).toMatchObject({ status: 201, json: { id: '9007199254740993' }, receivedAt: new Date(1_000_000) });
    expect(response.headers['x-thing']).toBe('a');
    expect(seen).toEqual([
      {
        url: '/posts?a=1',
        body: '{"text":"hello"}',
        headers: expect.objectContaining({ 'content-length': '16', 'content-type': 'application/json' }),
      },
    ]);
    expect(seen).not.toEqual([
      expect.objectContaining({ headers: expect.objectContaining({ 'transfer-encoding': 'chunked' }) }),
    ]);
  });

  test('sends forms and bytes as they are declared', async () => {
    const seen: string[] = [];
    await using server = await startHttpServer(async (request, response) => {
      seen.push(`${request.headers['content-type']} ${await bodyOf(request)}`);
      response.end();
    });

    await clientWith().request({ method: 'POST', url: server.origin, body: { form: { a: 'b c', d: 'é' } } });
    await clientWith().request({
      method: 'PUT',
      url: server.origin,
      headers: { 'Content-Type': 'image/png' },
      body: { bytes: Buffer.from('png') },
    });

    expect(seen).toEqual(['application/x-www-form-urlencoded a=b+c&d=%C3%A9', 'image/png png']);
  });

  test('is not followed to another address', async () => {
    let requestsSeen = 0;
    await using server = await startHttpServer((_request, response) => {
      requestsSeen += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });

    expect(await clientWith().request(postTo(server.origin))).toMatchObject({ status: 307, json: undefined });
    expect(requestsSeen).toBe(1);
  });

  test('is told to the observer without query, headers or body', async () => {
    const calls: PlatformCall[] = [];
    const ticks = [100, 142];
    await using server = await startHttpServer((_request, response) => void response.writeHead(429).end());

    await clientWith({ onCall: (call) => calls.push(call), monotonicMs: () => ticks.shift() ?? 142 }).request({
      method: 'GET',
      url: `${server.origin}/a/b?token=s3cret`,
    });

    expect(calls).toEqual([
      {
        platform: 'x',
        method: 'GET',
        host: new URL(server.origin).host,
        path: '/a/b',
        outcome: { status: 429 },
        durationMs: 42,
      },
    ]);
  });
});

describe('a request that cannot have arrived', () => {
  test.each(['POST', 'GET'] as const)('%s: refused', async (method) => {
    const server = await startTcpServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const calls: PlatformCall[] = [];

    const failure = await failureOf(
      clientWith({ onCall: (call) => calls.push(call) }).request({ ...postTo(server.origin), method }),
    );

    expect(failure).toMatchObject({ sent: 'no', code: 'ECONNREFUSED' });
    expect(calls).toMatchObject([{ outcome: { code: 'ECONNREFUSED' } }]);
  });

  test('name not found', async () => {
    const failure = await failureOf(clientWith().request(postTo('http://nowhere.invalid/')));
    expect(failure.sent).toBe('no');
  });

  test('TLS failure', async () => {
    let received = '';
    await using server = await startTcpServer((socket) => {
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
    });

    const failure = await failureOf(clientWith().request(postTo(`https://127.0.0.1:${server.port}/`)));

    expect(failure.sent).toBe('no');
    expect(received).not.toContain('hello');
  });

  test('connect time-out', async () => {
    await using slow = neverConnecting(20);
    const failure = await failureOf(clientWith({ dispatcher: slow.agent }).request(postTo('http://127.0.0.1:9/')));
    expect(failure).toMatchObject({ sent: 'no', code: 'UND_ERR_CONNECT_TIMEOUT' });
  });

  test('address refused by the guard', async () => {
    await using guarded = disposable(
      new Agent({
        ...platformAgentOptions,
        connect: (_options, callback) =>
          callback(Object.assign(new Error('refused'), { code: 'ADDRESS_REFUSED' }), null),
      }),
    );
    const failure = await failureOf(clientWith({ dispatcher: guarded.agent }).request(postTo('http://10.0.0.1/')));
    expect(failure).toMatchObject({ sent: 'no', code: 'address_refused' });
  });

  test.each(['POST', 'GET'] as const)(
    '%s: the deadline passes while connecting, and nothing leaves afterwards',
    async (method) => {
      const received: string[] = [];
      await using server = await startTcpServer((socket) =>
        socket.on('data', (bytes) => {
          received.push(bytes.toString());
          socket.write(answerOk);
        }),
      );
      await using slow = slowlyConnecting(60);
      const client = clientWith({ dispatcher: slow.agent, deadline: AbortSignal.timeout(20) });

      const failure = await failureOf(client.request({ ...postTo(server.origin), method }));
      expect(failure).toMatchObject({ sent: 'no', code: 'deadline' });

      // A second request over the same connection proves that the first one was never written.
      const second = clientWith({ dispatcher: slow.agent });
      await second.request({ method: 'GET', url: `${server.origin}/second` });
      expect(received.join('')).toMatch(/^GET \/second /);
    },
  );

  test('an address that is none', async () => {
    expect(await failureOf(clientWith().request(postTo('no address')))).toMatchObject({ sent: 'no' });
  });
});

describe('a request that may have arrived', () => {
  const hostile: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['reset before it was read', (socket) => setTimeout(() => socket.resetAndDestroy(), 30)],
    ['reset after it was read', (socket) => socket.on('data', () => socket.resetAndDestroy())],
    ['closed after it was read', (socket) => socket.on('data', () => socket.end())],
    ['never answered', (socket) => socket.on('data', () => undefined)],
    [
      'answered in part',
      (socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{')),
    ],
    [
      'answered in part, then reset',
      (socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{')),
    ],
    ['answered with garbage', (socket) => socket.on('data', () => socket.end('s3cret is no protocol\r\n\r\n'))],
  ];

  test.each(hostile)('%s', async (_name, onSocket) => {
    await using server = await startTcpServer(onSocket);
    const failure = await failureOf(
      clientWith({ deadline: AbortSignal.timeout(1_000) }).request(postTo(server.origin)),
    );
    expect(failure.sent).toBe('maybe');
    expect(JSON.stringify([failure, failure.cause, { ...(failure.cause as object) }])).not.toContain('s3cret');
  });

  test('answered with more than is read', async () => {
    await using server = await startHttpServer((_request, response) => void response.end('x'.repeat(2_000)));
    const failure = await failureOf(clientWith({ bodyBytesMax: 1_999 }).request(postTo(server.origin)));
    expect(failure).toMatchObject({ sent: 'maybe', code: 'answer_too_large' });
    expect(await clientWith({ bodyBytesMax: 2_000 }).request(postTo(server.origin))).toMatchObject({ status: 200 });
  });

  test('past its own time-out, which is shorter than the deadline', async () => {
    await using server = await startTcpServer((socket) => socket.on('data', () => undefined));
    const failure = await failureOf(clientWith().request({ ...postTo(server.origin), timeoutMs: 30 }));
    expect(failure).toMatchObject({ sent: 'maybe', code: 'deadline' });
  });

  test('is never sent again by the client', async () => {
    let requestsSeen = 0;
    await using server = await startTcpServer((socket) =>
      socket.on('data', () => {
        requestsSeen += 1;
        socket.resetAndDestroy();
      }),
    );
    await failureOf(clientWith().request(postTo(server.origin)));
    await failureOf(clientWith().request({ method: 'GET', url: server.origin }));
    await vi.waitFor(() => expect(requestsSeen).toBe(2));
  });
});

/** An agent whose connections never come: its name look-up hangs. */
function neverConnecting(timeoutMs: number) {
  const connector = buildConnector({ timeout: timeoutMs, lookup: () => undefined });
  return disposable(
    new Agent({
      ...platformAgentOptions,
      connect: (options, callback) => connector({ ...options, hostname: 'slow.test' }, callback),
    }),
  );
}
