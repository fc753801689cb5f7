import { expect, test } from 'vitest';
import { httpOrigin } from './http-origin.ts';
import { startOpsServer } from './ops-server.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://127.0.0.1:80'],
  ['::1', 'http://[::1]:80'],
  ['localhost', 'http://localhost:80'],
])('who listens on %s is reached at %s', (host, origin) => {
  expect(httpOrigin(host, 80)).toBe(origin);
});

test('health and metrics answer on an IPv6 address', async () => {
  const health = async () => ({ ok: true, detail: null });
  const operators = { trustsLoopback: true, isOperator: async () => false };
  const metrics = { exposition: async () => ({ contentType: 'text/plain', text: '' }) };
  await using server = await startOpsServer({ port: 0, host: '::1', operators, health, metrics });
  expect((await fetch(`${httpOrigin('::1', server.port)}/health`)).status).toBe(200);
});
