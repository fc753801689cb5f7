import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { type Health, startOpsServer } from './ops-server.ts';

const metrics = createMetrics('publisher');

test('tells health as status and JSON', async () => {
  let found: Health = { ok: true, detail: { database: 'up' } };
  await using server = await startOpsServer({ port: 0, health: async () => found, metrics });
  expect(await get(server.port, '/health')).toEqual([200, '{"ok":true,"detail":{"database":"up"}}']);
  found = { ok: false, detail: { database: 'down' } };
  expect(await get(server.port, '/health?full')).toEqual([503, '{"ok":false,"detail":{"database":"down"}}']);
});

test('a check that throws is unhealthy and shows nothing of its error', async () => {
  await using server = await startOpsServer({ port: 0, health: () => Promise.reject(new Error('canary')), metrics });
  expect(await get(server.port, '/health')).toEqual([503, '{"ok":false,"detail":"the health check failed"}']);
});

test('a check that hangs is unhealthy', async () => {
  await using server = await startOpsServer({
    port: 0,
    health: () => new Promise(() => {}),
    healthTimeoutMs: 20,
    metrics,
  });
  expect(await get(server.port, '/health')).toEqual([503, '{"ok":false,"detail":"no answer within 20 ms"}']);
});

test('shows the metrics', async () => {
  await using server = await startOpsServer({ port: 0, health: async () => ({ ok: true, detail: null }), metrics });
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
  });
  expect(await get(server.port, '/metrics')).toEqual([500, 'internal error\n']);
});

test('anything else is not there, and nothing can be changed', async () => {
  await using server = await startOpsServer({ port: 0, health: async () => ({ ok: true, detail: null }), metrics });
  expect((await get(server.port, '/'))[0]).toBe(404);
  expect((await get(server.port, '/health', { method: 'POST' }))[0]).toBe(405);
});

test('a taken port is an error', async () => {
  const options = { health: async () => ({ ok: true, detail: null }), metrics };
  await using server = await startOpsServer({ port: 0, ...options });
  await expect(startOpsServer({ port: server.port, ...options })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ internal, family }) => !internal && family === 'IPv4');

test.skipIf(outside === undefined)('cannot be reached from outside the machine unless told otherwise', async () => {
  const options = { port: 0, health: async () => ({ ok: true, detail: null }), metrics };
  await using inside = await startOpsServer(options);
  await using open = await startOpsServer({ ...options, host: '0.0.0.0' });
  await expect(fetch(`http://${outside?.address}:${inside.port}/health`)).rejects.toThrow('fetch failed');
  expect((await fetch(`http://${outside?.address}:${open.port}/health`)).status).toBe(200);
});

test('disposal ends connections that are kept open', async () => {
  const server = await startOpsServer({ port: 0, health: async () => ({ ok: true, detail: null }), metrics });
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
