import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { findUnwell } from './find-unwell.ts';

test('names what says that it is not well, what says nothing and what is not there', async () => {
  await using server = createServer((request, response) => {
    if (request.url === '/silent/health') return;
    response.writeHead(request.url === '/well/health' ? 200 : 503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
  const slots = [
    ...['well', 'exhausted', 'silent'].map((name) => ({ name, origin: () => at(name) })),
    { name: 'absent', origin: () => null },
  ];
  const unwell = await findUnwell(slots, 2_000);
  expect(unwell.map((told) => told.split(':')[0])).toEqual(['exhausted', 'silent', 'absent']);
  server.closeAllConnections();
});
