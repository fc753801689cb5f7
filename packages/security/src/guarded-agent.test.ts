import { createServer as createHttpServer } from 'node:http';
import { type Socket, type TcpNetConnectOpts, connect } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { LookupAll } from './checked-lookup.ts';
import { publicAddress, agentWith, answering, refusalOf, started } from './test-agents.ts';

describe('the URL', () => {
  test.each([
    ['dotted', 'https://127.0.0.1/'],
    ['decimal', 'https://2130706433/'],
    ['hexadecimal and short', 'https://0x7f.1/'],
    ['octal', 'https://0177.0.0.1/'],
    ['zero', 'https://0/'],
    ['IPv6', 'https://[::1]/'],
    ['IPv4-mapped IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['NAT64', 'https://[64:ff9b::7f00:1]/'],
    ['cloud metadata', 'https://169.254.169.254/'],
    ['private network', 'https://10.0.0.1/'],
  ])('an address in %s form is refused before any connection is tried', async (_, url) => {
    const { agent, dialed } = agentThatMustNotConnect();
    expect(await refusalOf(agent, url)).toBe('literal');
    expect(dialed).toEqual([]);
  });

  test.each([
    ['http://example.com/', 'not_https'],
    ['http://93.184.216.34/', 'not_https'],
    ['https://example.com:8443/', 'port'],
    ['https://example.com:22/', 'port'],
  ])('%s is refused: %s', async (url, reason) => {
    const { agent, dialed } = agentThatMustNotConnect();
    expect(await refusalOf(agent, url)).toBe(reason);
    expect(dialed).toEqual([]);
  });

  test('a public address, and a name on 443 or 80, go on to the connection', async () => {
    const { agent, dialed } = agentThatMustNotConnect();
    for (const url of [
      'https://93.184.216.34/',
      'https://example.com/',
      'https://example.com:80/',
      'https://[2606:2800:220:1::1]/',
    ]) {
      await expect(agent.request({ origin: new URL(url).origin, path: '/', method: 'GET' })).rejects.toThrow(
        'must not connect',
      );
    }
    expect(dialed.map(({ host, port }) => [host, port])).toEqual([
      [publicAddress, 443],
      ['example.com', 443],
      ['example.com', 80],
      ['2606:2800:220:1::1', 443],
    ]);
  });
});

describe('the name', () => {
  test.each([
    ['one private address', ['127.0.0.1']],
    ['a private one after a public one', [publicAddress, '10.0.0.1']],
    ['a private one before a public one', ['10.0.0.1', publicAddress]],
    ['a private IPv6 one beside a public one', [publicAddress, 'fd00::1']],
    ['no address at all', []],
  ])('with %s is refused, and no connection is made', async (_, addresses) => {
    const agent = agentWith({ lookup: answering(addresses) });
    expect(await refusalOf(agent, 'https://rebind.example/')).toBe('resolved');
  });

  test('that turns private after the first request is refused at the second', async () => {
    let isPrivate = false;
    const lookup: LookupAll = (...request) => answering([isPrivate ? '127.0.0.1' : publicAddress])(...request);
    const agent = agentWith({ lookup, dial: ({ lookup: resolve, host = '' }) => resolvingSocket(resolve, host) });
    await expect(agent.request({ origin: 'https://rebind.example', path: '/', method: 'GET' })).rejects.toThrow(
      'resolved, went no further',
    );
    isPrivate = true;
    expect(await refusalOf(agent, 'https://rebind.example/')).toBe('resolved');
  });
});

describe('an allowed host and port', () => {
  test('passes, also by plain HTTP and by name, and no other port of it does', async () => {
    const { port } = await httpServer();
    const agent = agentWith({
      lookup: answering(['127.0.0.1']),
      allow: async (host, at) => host === 'sandbox.test' && at === port,
    });
    const { statusCode, body } = await agent.request({
      origin: `http://sandbox.test:${port}`,
      path: '/',
      method: 'GET',
    });
    expect([statusCode, await body.text()]).toEqual([200, 'hello']);
    expect(await refusalOf(agent, `http://sandbox.test:${port + 1}/`)).toBe('not_https');
    expect(await refusalOf(agent, `http://127.0.0.1:${port}/`)).toBe('not_https');
  });

  test('is asked for by address without brackets and by the port of the protocol', async () => {
    const asked: unknown[] = [];
    const agent = agentWith({
      allow(host, port) {
        asked.push([host, port]);
        return false;
      },
    });
    for (const url of ['https://[::1]/', 'http://Example.com/', 'https://[::1]:4010/']) await refusalOf(agent, url);
    expect(asked).toEqual([
      ['::1', 443],
      ['example.com', 80],
      ['::1', 4010],
    ]);
  });

  test('an answer that cannot be had is an error, not a permission', async () => {
    const agent = agentWith({ allow: () => Promise.reject(new Error('no answer')) });
    await expect(agent.request({ origin: 'http://127.0.0.1', path: '/', method: 'GET' })).rejects.toThrow('no answer');
  });
});

test('does not follow a redirect: it comes back as the answer', async () => {
  const { port, paths } = await httpServer();
  const agent = agentWith({ allow: () => true });
  const { statusCode, body } = await agent.request({
    origin: `http://127.0.0.1:${port}`,
    path: '/redirect',
    method: 'GET',
  });
  await body.dump();
  expect(statusCode).toBe(302);
  expect(paths).toEqual(['/redirect']);
});

test('uses no proxy from the environment', async () => {
  const proxy = await httpServer();
  const { port, paths } = await httpServer();
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'])
    vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  const { body } = await agentWith({ allow: () => true }).request({
    origin: `http://127.0.0.1:${port}`,
    path: '/direct',
    method: 'GET',
  });
  await body.dump();
  expect([paths, proxy.paths]).toEqual([['/direct'], []]);
});

function agentThatMustNotConnect() {
  const dialed: TcpNetConnectOpts[] = [];
  const agent = agentWith({
    dial(options) {
      dialed.push(options);
      return resolvingSocket((_host, _options, done) => done(new Error('must not connect'), []), '');
    },
  });
  return { agent, dialed };
}

/** A socket that looks its host up and fails with what the look-up says. */
function resolvingSocket(resolve: TcpNetConnectOpts['lookup'], host: string): Socket {
  return connect({
    host: `${host}.invalid`,
    port: 443,
    lookup: (_, options, done) =>
      resolve?.(host, options, (error) => done(error ?? new Error('resolved, went no further'), [])),
  });
}

async function httpServer() {
  const paths: (string | undefined)[] = [];
  const server = createHttpServer((request, response) => {
    paths.push(request.url);
    if (request.url === '/redirect') response.writeHead(302, { location: '/elsewhere' }).end();
    else response.end('hello');
  });
  return { ...(await started(server)), paths };
}
