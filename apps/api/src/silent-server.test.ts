import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startTestApi } from './test-api.ts';

interface Platform {
  readonly id: string;
  readonly manualFields: readonly { readonly name: string }[];
}

/** A server that takes every request and answers none. */
async function startSilentServer() {
  const paths: string[] = [];
  const server = createServer((request) => void paths.push(request.url ?? ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths, close };
}

test('a server that does not answer holds no connection of the database, whatever it is asked for', async () => {
  const server = await startSilentServer();
  const api = await startTestApi(inject('postgresUrl'), {
    env: { SANDBOX_URL: server.origin, SSRF_ALLOW: new URL(server.origin).host },
  });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const { accessToken: token } = await api.register();
  const { json } = await api.call('GET', '/api/v1/platforms', { token });
  const platforms = json['items'] as Platform[];

  let answered = 0;
  const asking = platforms.flatMap(({ id: platform, manualFields }) => {
    const credentials = Object.fromEntries(manualFields.map(({ name }) => [name, credentialOf(name, server.origin)]));
    const places = [{ instance: server.origin }, { service: server.origin }, { handle: 'ada.example' }];
    return [
      api.call('POST', '/api/v1/accounts/manual', { token, body: { platform, credentials } }),
      api.call('GET', `/api/v1/platforms/${platform}/doctor`, { token }),
      ...places.map((place) => api.call('POST', '/api/v1/accounts/connect', { token, body: { platform, ...place } })),
    ].map(async (call) => {
      const { status, text } = await call;
      if (status === 502 || status === 503) answered += 1;
      expect(status, text).not.toBe(500);
    });
  });
  await waitFor(() => server.paths.length > 9 && server.paths.includes('/api/v1/apps'), {
    describe: () => `the server is being asked, so far for ${server.paths.join()}`,
  });
  const open = `select count(*)::int as count from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`;
  await waitFor(async () => answered === 0 && (await api.sql<{ count: number }>(open))[0]?.count === 0, {
    describe: 'no transaction waits for the server',
    timeoutMs: 9_000,
  });
  server.close();
  await Promise.all(asking);
});

function credentialOf(name: string, origin: string): string {
  if (name === 'instance' || name === 'service') return origin;
  return name === 'expiresAt' ? '2031-01-01T00:00:00Z' : 'x'.repeat(20);
}
