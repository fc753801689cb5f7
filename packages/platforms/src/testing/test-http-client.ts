import { connect as connectTcp } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeAll } from 'vitest';
import { createPlatformHttp, platformAgentOptions, type PlatformHttpOptions } from '../http/create-platform-http.ts';
import { TransportError, type PlatformRequest } from '../port/platform-http.ts';

export let agent: Agent;
beforeAll(() => {
  agent = new Agent(platformAgentOptions);
});
afterAll(() => agent.destroy());

export function clientWith(options: Partial<PlatformHttpOptions> = {}) {
  return createPlatformHttp({
    dispatcher: agent,
    platform: 'x',
    deadline: AbortSignal.timeout(5_000),
    wallClockMs: () => 1_000_000,
    monotonicMs: () => 1_000,
    ...options,
  });
}

export async function failureOf(answer: Promise<unknown>): Promise<TransportError> {
  const failure = await answer.then(
    () => new Error('it was answered'),
    (error: unknown) => error,
  );
  if (!(failure instanceof TransportError)) throw new Error('not a TransportError', { cause: failure });
  return failure;
}

export const postTo = (url: string): PlatformRequest => ({ method: 'POST', url, body: { json: { text: 'hello' } } });
export const answerOk = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

/** An agent whose connections come late, as over a slow network or in a frozen process. */
export function slowlyConnecting(delayMs: number, onConnect?: () => void) {
  return disposable(
    new Agent({
      ...platformAgentOptions,
      connect: ({ port, hostname }, callback) => {
        const socket = connectTcp(Number(port), hostname);
        socket.once('connect', () =>
          setTimeout(() => {
            onConnect?.();
            callback(null, socket);
          }, delayMs),
        );
      },
    }),
  );
}

export function disposable(ownAgent: Agent) {
  return { agent: ownAgent, [Symbol.asyncDispose]: () => ownAgent.destroy() };
}
