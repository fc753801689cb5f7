import { describe, expect, test } from 'vitest';
import { startTcpServer } from '../testing/test-server.ts';
import { clientWith, failureOf, postTo, answerOk, slowlyConnecting } from '../testing/test-http-client.ts';

describe('the late fence', () => {
  const fences = [
    ['the monotonic clock', { sendBeforeMonotonicMs: 1_000, sendBeforeWallMs: 2_000_000 }],
    ['the wall clock', { sendBeforeMonotonicMs: 2_000, sendBeforeWallMs: 1_000_000 }],
  ] as const;

  test.each(fences)('past by %s, a request with a body sends nothing', async (_clock, lateFence) => {
    const received: string[] = [];
    await using server = await startTcpServer((socket) =>
      socket.on('data', (bytes) => received.push(bytes.toString())),
    );
    const failure = await failureOf(clientWith({ lateFence }).request(postTo(server.origin)));
    expect(failure).toMatchObject({ sent: 'no', code: 'late_fence' });
    expect(received).toEqual([]);
  });

  test.each(fences)('past by %s, a request without a body sends nothing', async (_clock, lateFence) => {
    const received: string[] = [];
    await using server = await startTcpServer((socket) =>
      socket.on('data', (bytes) => received.push(bytes.toString())),
    );
    const failure = await failureOf(clientWith({ lateFence }).request({ method: 'POST', url: server.origin }));
    expect(failure).toMatchObject({ sent: 'no', code: 'late_fence' });
    expect(received).toEqual([]);
  });

  test.each([postTo(''), { method: 'POST', url: '' } as const])(
    'is asked after connecting, so a freeze meanwhile counts',
    async (wanted) => {
      let nowMs = 0;
      const received: string[] = [];
      await using server = await startTcpServer((socket) =>
        socket.on('data', (bytes) => received.push(bytes.toString())),
      );
      await using slow = slowlyConnecting(10, () => {
        nowMs = 90_000;
      });
      const client = clientWith({
        dispatcher: slow.agent,
        monotonicMs: () => nowMs,
        wallClockMs: () => nowMs,
        lateFence: { sendBeforeMonotonicMs: 30_000, sendBeforeWallMs: 30_000 },
      });

      const failure = await failureOf(client.request({ ...wanted, url: server.origin }));

      expect(failure).toMatchObject({ sent: 'no', code: 'late_fence' });
      expect(received).toEqual([]);
    },
  );

  test('counts what the work before the body costs', async () => {
    let nowMs = 0;
    const received: string[] = [];
    await using server = await startTcpServer((socket) =>
      socket.on('data', (bytes) => received.push(bytes.toString())),
    );
    const client = clientWith({
      monotonicMs: () => nowMs,
      lateFence: { sendBeforeMonotonicMs: 30_000, sendBeforeWallMs: 2_000_000 },
      beforeBody: async () => {
        nowMs = 90_000;
      },
    });
    expect(await failureOf(client.request(postTo(server.origin)))).toMatchObject({ sent: 'no', code: 'late_fence' });
    expect(received).toEqual([]);
  });

  test('a deadline during the work before the body: nothing leaves when that work ends', async () => {
    const received: string[] = [];
    const closed = Promise.withResolvers<void>();
    const work = Promise.withResolvers<void>();
    await using server = await startTcpServer((socket) => {
      socket.on('data', (bytes) => received.push(bytes.toString()));
      socket.on('close', () => closed.resolve());
    });
    const client = clientWith({ deadline: AbortSignal.timeout(50), beforeBody: () => work.promise });
    expect(await failureOf(client.request(postTo(server.origin)))).toMatchObject({ sent: 'no', code: 'deadline' });
    work.resolve();
    await closed.promise;
    expect(received).toEqual([]);
  });

  test('not reached, the request goes out (without this the tests above prove nothing)', async () => {
    await using server = await startTcpServer((socket) => socket.on('data', () => socket.end(answerOk)));
    const client = clientWith({ lateFence: { sendBeforeMonotonicMs: 1_001, sendBeforeWallMs: 1_000_001 } });
    expect(await client.request(postTo(server.origin))).toMatchObject({ status: 200 });
    expect(await client.request({ method: 'POST', url: server.origin })).toMatchObject({ status: 200 });
  });
});
