import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { connect } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { selfSignedCertificate } from './internal/self-signed-certificate.ts';
import { publicAddress, agentWith, answering, refusalOf, listening, started } from './test-agents.ts';

describe('the connection', () => {
  test('that ends at a private address, whatever was looked up, is closed before a byte is sent', async () => {
    const { port, connections, received } = await listening();
    const agent = agentWith({ lookup: answering([publicAddress]), dial: () => connect(port, '127.0.0.1') });
    expect(await refusalOf(agent, 'https://rebind.example/')).toBe('peer');
    await vi.waitFor(() => {
      expect(connections).toHaveLength(1);
      expect(connections[0]?.readableEnded || connections[0]?.closed).toBe(true);
    });
    expect(Buffer.concat(received)).toHaveLength(0);
  });

  test('that is never answered ends in a connect time-out, TLS included', async () => {
    const { port, connections } = await listening();
    const agent = agentWith({ allow: () => true, connectTimeoutMs: 50 });
    await expect(
      agent.request({ origin: `https://127.0.0.1:${port}`, path: '/', method: 'GET' }),
    ).rejects.toMatchObject({
      code: 'UND_ERR_CONNECT_TIMEOUT',
    });
    expect(connections).toHaveLength(1);
    await vi.waitFor(() => expect(connections[0]?.destroyed).toBe(true));
  });

  test('that is refused by the host keeps its own error', async () => {
    const { port, server } = await listening();
    server.close();
    await once(server, 'close');
    const agent = agentWith({ allow: () => true });
    await expect(agent.request({ origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' })).rejects.toMatchObject(
      { code: 'ECONNREFUSED' },
    );
  });

  test('with a TLS certificate that is not trusted fails before the request', async () => {
    const { port, requests } = await httpsServer();
    const agent = agentWith({ allow: () => true });
    await expect(
      agent.request({ origin: `https://127.0.0.1:${port}`, path: '/', method: 'GET' }),
    ).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(requests).toEqual([]);
  });
});

test('a trusted TLS certificate of another host fails before the request', async () => {
  const { port, cert, requests } = await httpsServer();
  const agent = agentWith({ allow: () => true, ca: cert, lookup: answering(['127.0.0.1']) });
  await expect(
    agent.request({ origin: `https://elsewhere.test:${port}`, path: '/', method: 'GET' }),
  ).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  expect(requests).toEqual([]);
});

test('speaks HTTP/1.1 over TLS even to a server that prefers HTTP/2', async () => {
  const { port, cert, requests } = await httpsServer();
  const agent = agentWith({ allow: () => true, ca: cert });
  for (let count = 0; count < 2; count += 1) {
    const { body } = await agent.request({
      origin: `https://127.0.0.1:${port}`,
      path: '/',
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    expect(await body.text()).toBe('100000');
  }
  expect(requests).toEqual(['1.1', '1.1']);
});

async function httpsServer() {
  const requests: string[] = [];
  const { cert, key } = selfSignedCertificate();
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    requests.push(request.httpVersion);
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
  });
  return { ...(await started(server)), cert, requests };
}
