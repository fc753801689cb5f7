import { Agent } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPlatformHttp, platformAgentOptions, type PlatformHttpOptions } from './create-platform-http.ts';
import { TransportError } from '../port/platform-http.ts';
import { bodyOf, startHttpServer } from '../testing/test-server.ts';

let agent: Agent;
beforeAll(() => {
  agent = new Agent(platformAgentOptions);
});
afterAll(() => agent.destroy());

test('streams a body of many pieces with its length, and a form with fields and files', async () => {
  const seen: { length: string | undefined; type: string | undefined; body: string }[] = [];
  await using server = await startHttpServer(async (request, response) => {
    const { 'content-length': length, 'content-type': type } = request.headers;
    seen.push({ length, type, body: await bodyOf(request) });
    response.end();
  });
  const post = { method: 'POST', url: server.origin } as const;

  await clientWith().request({
    ...post,
    headers: { 'content-type': 'video/mp4' },
    body: { stream: streamOf('ab', 'c', 'def') },
  });
  const file = { name: 'media', fileName: 'a.png', contentType: 'image/png', stream: streamOf('p', 'ng') };
  await clientWith().request({ ...post, body: { multipart: [{ name: 'description', value: 'é "quoted"' }, file] } });

  expect(seen[0]).toEqual({ length: '6', type: 'video/mp4', body: 'abcdef' });
  const form = seen[1];
  const boundary = /^multipart\/form-data; boundary=(.+)$/u.exec(form?.type ?? '')?.[1];
  expect(form?.length).toBe(String(Buffer.byteLength(form?.body ?? '')));
  expect(form?.body).toBe(
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="description"',
      '',
      'é "quoted"',
      `--${boundary}`,
      'Content-Disposition: form-data; name="media"; filename="a.png"',
      'Content-Type: image/png',
      '',
      'png',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
});

test('a name that would break out of the form is refused before anything is sent', async () => {
  const part = { name: 'a"\r\nX: y', value: '' };
  const failure = await failureOf(
    clientWith().request({ method: 'POST', url: 'http://127.0.0.1:1', body: { multipart: [part] } }),
  );
  expect(failure.sent).toBe('no');
});

test('a stream that turns out shorter than said ends the request before it is whole', async () => {
  let ended = false;
  await using server = await startHttpServer((request) => {
    request.on('end', () => (ended = true)).resume();
  });
  const stream = { ...streamOf('ab', 'c'), byteLength: 4 };
  const request = { method: 'POST', url: server.origin, headers: { 'content-type': 'a/b' }, body: { stream } } as const;
  expect(await failureOf(clientWith().request(request))).toMatchObject({ sent: 'no', code: 'body_length' });
  expect(ended).toBe(false);
});

test('a stream that meets the late fence half-way has provably not been sent', async () => {
  let ended = false;
  await using server = await startHttpServer((request) => {
    request.on('end', () => (ended = true)).resume();
  });
  let nowMs = 1_000;
  async function* slow() {
    yield Buffer.from('first');
    nowMs = 2_000;
    yield Buffer.from('last');
  }
  const client = clientWith({
    monotonicMs: () => nowMs,
    lateFence: { sendBeforeMonotonicMs: 1_500, sendBeforeWallMs: Number.MAX_SAFE_INTEGER },
  });
  const stream = { byteLength: 9, open: slow };
  const request = { method: 'POST', url: server.origin, headers: { 'content-type': 'a/b' }, body: { stream } } as const;
  expect(await failureOf(client.request(request))).toMatchObject({ sent: 'no', code: 'late_fence' });
  expect(ended).toBe(false);
});

function clientWith(options: Partial<PlatformHttpOptions> = {}) {
  return createPlatformHttp({
    dispatcher: agent,
    platform: 'x',
    deadline: AbortSignal.timeout(5_000),
    wallClockMs: () => 1_000_000,
    monotonicMs: () => 1_000,
    ...options,
  });
}

function streamOf(...pieces: string[]) {
  return {
    byteLength: Buffer.byteLength(pieces.join('')),
    async *open() {
      for (const piece of pieces) yield Buffer.from(piece);
    },
  };
}

async function failureOf(answer: Promise<unknown>): Promise<TransportError> {
  const failure = await answer.catch((error: unknown) => error);
  if (!(failure instanceof TransportError)) throw new Error('not a TransportError', { cause: failure });
  return failure;
}
