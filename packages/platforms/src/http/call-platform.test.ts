import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepEffect } from '../port/publish.ts';
import { callPlatform, type Refusal } from './call-platform.ts';
import { createPlatformHttp, platformAgentOptions } from './create-platform-http.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import { startHttpServer, startTcpServer } from '../testing/test-server.ts';

const agent = new Agent(platformAgentOptions);
afterAll(() => agent.destroy());

const secret = 'tok-3n-s3cret';

async function failureOf(
  origin: string,
  effect: StepEffect,
  refusal: Refusal = { kind: 'content', platformCode: 'Bad' },
) {
  const http = createPlatformHttp({
    dispatcher: agent,
    platform: 'x',
    deadline: AbortSignal.timeout(300),
    wallClockMs: () => 0,
    monotonicMs: () => 0,
  });
  const failure = await callPlatform({
    http,
    platformName: 'Platform',
    request: { method: 'POST', url: origin, headers: { authorization: `Bearer ${secret}` }, body: { json: {} } },
    effect,
    answer: z.object({ id: z.string() }),
    refusalOf: () => refusal,
  }).catch((error: unknown) => error);
  if (!(failure instanceof PlatformError)) throw new Error('not a PlatformError', { cause: failure });
  return failure;
}

const kindOf = async (origin: string, effect: StepEffect) => (await failureOf(origin, effect)).kind;

describe('what makes something visible ends as ambiguous when', () => {
  const answers: readonly [number, string][] = [
    [500, 'no'],
    [502, '<html>'],
    [503, '{}'],
    [504, ''],
    [408, ''],
    [425, ''],
    [307, ''],
    [200, '<html>not json'],
    [200, '{"id":'],
    [201, '{}'],
    [204, ''],
  ];
  test.each(answers)('the answer is %s %s; elsewhere it is unavailable', async (status, body) => {
    await using server = await startHttpServer((_request, response) => void response.writeHead(status).end(body));
    expect(await kindOf(server.origin, 'once')).toBe('ambiguous');
    expect(await kindOf(server.origin, 'idempotent')).toBe('unavailable');
    expect(await kindOf(server.origin, 'read')).toBe('unavailable');
  });

  test('there is no answer; elsewhere it is the network', async () => {
    await using server = await startTcpServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
    expect(await kindOf(server.origin, 'once')).toBe('ambiguous');
    expect(await kindOf(server.origin, 'idempotent')).toBe('network');
  });
});

test('what provably was not sent is the network, whatever it would have done', async () => {
  const server = await startTcpServer(() => undefined);
  await server[Symbol.asyncDispose]();
  expect(await kindOf(server.origin, 'once')).toBe('network');
});

test.each([400, 401, 403, 404, 409, 413, 422, 429])(
  'a %s is a refusal even where something would have been visible',
  async (status) => {
    await using server = await startHttpServer((_request, response) => void response.writeHead(status).end('{}'));
    const kind: PlatformErrorKind = 'policy';
    expect(await failureOf(server.origin, 'once', { kind, platformCode: 'a/b', retryAfterMs: 7_000 })).toMatchObject({
      kind,
      platformCode: 'a/b',
      retryAfterMs: 7_000,
    });
  },
);

test('the wait an outage announces is kept', async () => {
  await using server = await startHttpServer(
    (_request, response) => void response.writeHead(503, { 'retry-after': '9' }).end(),
  );
  expect((await failureOf(server.origin, 'once')).retryAfterMs).toBe(9_000);
});

describe('a message', () => {
  test("shows the platform's own reason on one line, cut", async () => {
    await using server = await startHttpServer((_request, response) => void response.writeHead(400).end());
    const { message } = await failureOf(server.origin, 'once', {
      kind: 'content',
      platformCode: 'Bad',
      reason: `too\nlong\u202e ${'x'.repeat(500)}`,
    });
    expect(message).toMatch(/^Platform refused the request \(Bad\): too long x+…$/u);
    expect(message.length).toBeLessThan(260);
  });

  test('never repeats the token, though the platform does', async () => {
    await using server = await startHttpServer((_request, response) => void response.writeHead(400).end());
    const failure = await failureOf(server.origin, 'once', {
      kind: 'content',
      platformCode: secret,
      reason: `bad token ${secret}`,
    });
    expect(`${failure.message} ${failure.platformCode}`).not.toContain(secret);
    expect(failure.platformCode).toBe('http_400');
  });
});
