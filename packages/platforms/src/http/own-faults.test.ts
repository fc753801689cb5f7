import { connect } from 'node:net';
import { Agent } from 'undici';
import { afterAll, expect, test } from 'vitest';
import { createPlatformHttp, platformAgentOptions, type PlatformHttpOptions } from './create-platform-http.ts';
import { ownFaultOf } from './own-faults.ts';
import { type PlatformRequest, TransportError } from '../port/platform-http.ts';
import { startTcpServer } from '../testing/test-server.ts';

const agent = new Agent(platformAgentOptions);
/** Its connections come after their request's deadline. */
const slowlyConnecting = new Agent({
  ...platformAgentOptions,
  connect: ({ port, hostname }, callback) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => setTimeout(() => callback(null, socket), 300));
  },
});
afterAll(() => Promise.all([agent.destroy(), slowlyConnecting.destroy()]));

const nowMs = 1_000;
const tenBytes = Buffer.alloc(10);

/** Of a request for 20 bytes that `open` is to give. */
async function failureOf(
  open: () => AsyncGenerator<Uint8Array>,
  options: Partial<PlatformHttpOptions> = {},
): Promise<TransportError> {
  await using server = await startTcpServer((socket) => socket.on('data', () => undefined));
  const http = createPlatformHttp({
    dispatcher: agent,
    platform: 'x',
    deadline: AbortSignal.timeout(5_000),
    wallClockMs: () => nowMs,
    monotonicMs: () => nowMs,
    ...options,
  });
  const request: PlatformRequest = {
    method: 'POST',
    url: server.origin,
    body: { stream: { byteLength: 20, open } },
  };
  const failure = await http.request(request).then(
    () => new Error('it was answered'),
    (error: unknown) => error,
  );
  if (!(failure instanceof TransportError)) throw new Error('not a TransportError', { cause: failure });
  expect(ownFaultOf(failure.code) !== null || failure.code === 'deadline').toBe(true);
  return failure;
}

test('a file that cannot be read is our fault', async () => {
  const failure = await failureOf(async function* () {
    yield tenBytes;
    throw new Error('EIO');
  });
  expect(failure).toMatchObject({ sent: 'no', code: 'body_unreadable' });
});

test('a file that does not come in time is our fault', async () => {
  const never = Promise.withResolvers<void>();
  const open = async function* () {
    yield tenBytes;
    await never.promise;
  };
  const failure = await failureOf(open, { deadline: AbortSignal.timeout(100) });
  expect(failure).toMatchObject({ sent: 'no', code: 'body_unreadable' });
  never.resolve();
});

test('a file that has become shorter is our fault', async () => {
  const failure = await failureOf(async function* () {
    yield tenBytes;
  });
  expect(failure).toMatchObject({ sent: 'no', code: 'body_length' });
});

test('a deadline that comes long after its time was held up by us; one that comes in time was not', async () => {
  const unsent = async function* () {
    yield tenBytes;
  };
  const overdueBy = (lateMs: number) =>
    failureOf(unsent, {
      dispatcher: slowlyConnecting,
      deadline: AbortSignal.timeout(50),
      deadlineMonotonicMs: nowMs - lateMs,
    });
  expect(await overdueBy(1_001)).toMatchObject({ sent: 'no', code: 'held_up' });
  expect(await overdueBy(1_000)).toMatchObject({ sent: 'no', code: 'deadline' });
});
