import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { type Health, startOpsServer } from './ops-server.ts';

const metrics = createMetrics('publisher');
const operators = { trustsLoopback: true, isOperator: async (bearer: string) => bearer === 'right' };

test('tells health as status and JSON', async () => {
  let found: Health = { ok: true, detail: { database: 'up' } };
  await using server = await startOpsServer({ port: 0, health: async () => found, metrics, operators });
  expect(await get(server.port, '/health')).toEqual([200, '{"ok":true,"detail":{"database":"up"}}']);
  found = { ok: false, detail: { database: 'down' } };
  expect(await get(server.port, '/health?full')).toEqual([503, '{"ok":false,"detail":{"database":"down"}}']);
});

test('a check that throws is unhealthy and shows nothing of its error', async () => {
  await using server = await startOpsServer({
    port: 0,
    health: () => Promise.reject(new Error('canary')),
    metrics,
    operators,
  });
  expect(await get(server.port, '/health')).toEqual([503, '{"ok":false,"detail":"the health check failed"}']);
});

test('a check that hangs is unhealthy', async () => {
  await using server = await startOpsServer({
    port: 0,
    health: () => new Promise(() => {}),
    healthTimeoutMs: 20,
    metrics,
    operators,
  });
  expect(await get(server.port, '/health')).toEqual([503, '{"ok":false,"detail":"no answer within 20 ms"}']);
});

test('shows the metrics', async () => {
  await using server = await startOpsServer({
    port: 0,
    health: async () => ({ ok: true, detail: null }),
    metrics,
    operators,
  });
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toContain('process_cpu_seconds_total{app="publisher"}');
});

test('metrics that cannot be collected are a 500, not a crash', async () => {
  const broken = { exposition: () => Promise.reject(new Error('canary')) };
  await using server = await startOpsServer({
    port: 0,
    health: async () => ({ ok: true, detail: null }),
    metrics: broken,
    operators,
  });
  expect(await get(server.port, '/metrics')).toEqual([500, 'internal error\n']);
});

test('anything else is not there, and nothing can be changed', async () => {
  await using server = await startOpsServer({
    port: 0,
    health: async () => ({ ok: true, detail: null }),
    metrics,
    operators,
  });
  expect((await get(server.port, '/'))[0]).toBe(404);
  expect((await get(server.port, '/health', { method: 'POST' }))[0]).toBe(405);
});

test('a taken port is an error', async () => {
  const options = { health: async () => ({ ok: true, detail: null }), metrics, operators };
  await using server = await startOpsServer({ port: 0, ...options });
  await expect(startOpsServer({ port: server.port, ...options })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ internal, family }) => !internal && family === 'IPv4');

test.skipIf(outside === undefined)('cannot be reached from outside the machine unless told otherwise', async () => {
  const options = { port: 0, health: async () => ({ ok: true, detail: null }), metrics, operators };
  await using inside = await startOpsServer(options);
  await using open = await startOpsServer({ ...options, host: '0.0.0.0' });
  await expect(fetch(`http://${outside?.address}:${inside.port}/health`)).rejects.toThrow('fetch failed');
  expect((await fetch(`http://${outside?.address}:${open.port}/health`)).status).toBe(200);
});

test('whoever is no operator learns whether all is well, and nothing more: by a foreign name, through a proxy, without a key', async () => {
  const options = { port: 0, health: async () => ({ ok: false, detail: { database: 'down' } }), metrics };
  await using open = await startOpsServer({ ...options, operators });
  await using closed = await startOpsServer({ ...options, operators: { ...operators, trustsLoopback: false } });
  const ask = async (server: { port: number }, headers: Record<string, string>) => [
    await as(server.port, '/health', headers),
    (await as(server.port, '/metrics', headers))[0],
  ];
  const all = [[503, '{"ok":false,"detail":{"database":"down"}}'], 200];
  const little = [[503, '{"ok":false}'], 401];
  expect(await ask(open, { host: 'localhost:80' })).toEqual(all);
  expect(await ask(open, { host: 'evil.example' })).toEqual(little);
  expect(await ask(open, { 'x-forwarded-for': '127.0.0.1' })).toEqual(little);
  expect(await ask(closed, {})).toEqual(little);
  expect(await ask(closed, { authorization: 'Bearer wrong' })).toEqual(little);
  expect(await ask(closed, { authorization: 'Bearer right' })).toEqual(all);
});

test('disposal ends connections that are kept open', async () => {
  const server = await startOpsServer({
    port: 0,
    health: async () => ({ ok: true, detail: null }),
    metrics,
    operators,
  });
  const socket = connect(server.port, '127.0.0.1');
  const closed = new Promise((resolve) => {
    socket.on('close', resolve).on('error', () => {});
  });
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  await get(server.port, '/health');
  await server[Symbol.asyncDispose]();
  await closed;
  await expect(fetch(`http://127.0.0.1:${server.port}/health`)).rejects.toThrow('fetch failed');
});

async function get(port: number, path: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return [response.status, await response.text()];
}

/** With headers that `fetch` does not send. */
async function as(port: number, path: string, headers: Record<string, string>): Promise<[number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
  httpRequest({ port, path, headers, host: '127.0.0.1' }, (response) => {
    text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
  })
    .on('error', reject)
    .end();
  return promise;
}
