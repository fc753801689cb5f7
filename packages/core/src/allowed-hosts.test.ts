import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createAllowedHosts } from './allowed-hosts.ts';

test('without a sandbox only the listed hosts and ports pass', async () => {
  const isAllowed = allowedHosts({ ssrfAllow: ['Media.internal:8080', '[::1]:9000'], sandboxUrl: null });
  expect(await isAllowed('media.internal', 8080)).toBe(true);
  expect(await isAllowed('::1', 9000)).toBe(true);
  expect(await isAllowed('media.internal', 8081)).toBe(false);
  expect(await isAllowed('127.0.0.1', 4010)).toBe(false);
});

test('the sandbox and the servers that it names pass, asked for once in 5 s', async () => {
  await using sandbox = await startHostList({ mastodon: 'http://127.0.0.1:4777' });
  let nowMs = 0;
  const isAllowed = allowedHosts({ ssrfAllow: [], sandboxUrl: sandbox.url, monotonicMs: () => nowMs });
  expect(await isAllowed('127.0.0.1', Number(new URL(sandbox.url).port))).toBe(true);
  expect(sandbox.asked()).toBe(0);
  expect(await isAllowed('127.0.0.1', 4777)).toBe(true);
  expect(await isAllowed('127.0.0.1', 4778)).toBe(false);
  expect(sandbox.asked()).toBe(1);
  nowMs = 5_001;
  expect(await isAllowed('127.0.0.1', 4778)).toBe(false);
  expect(sandbox.asked()).toBe(2);
});

test('a sandbox that does not answer opens nothing', async () => {
  const errors: unknown[] = [];
  const isAllowed = allowedHosts({
    ssrfAllow: [],
    sandboxUrl: 'http://127.0.0.1:1',
    onError: (error) => errors.push(error),
  });
  expect(await isAllowed('127.0.0.1', 4777)).toBe(false);
  expect(errors).toHaveLength(1);
});

function allowedHosts(options: Partial<Parameters<typeof createAllowedHosts>[0]>) {
  const unexpected = (error: unknown) => {
    throw error;
  };
  return createAllowedHosts({ ssrfAllow: [], sandboxUrl: null, monotonicMs: () => 0, onError: unexpected, ...options });
}

async function startHostList(hosts: Record<string, string>) {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(hosts));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
