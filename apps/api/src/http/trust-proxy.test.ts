import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, testPassword, type TestApi } from '../test-api.ts';
import { isProxyEntry } from './trust-proxy.ts';

test.each([
  ['127.0.0.1', true],
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['::1', true],
  ['loopback', true],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['10.0.0', false],
  ['10.0.0.0/8/8', false],
  ['proxy.internal', false],
  ['*', false],
])('%s is an entry of TRUST_PROXY: %s', (entry, expected) => {
  expect(isProxyEntry(entry)).toBe(expected);
});

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('behind a proxy that is named', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi(inject('postgresUrl'), {
      env: { TRUST_PROXY: '127.0.0.1, 10.0.0.0/8', LOGIN_RATE_LIMIT: '3', API_RATE_LIMIT: '20' },
    });
  });
  afterAll(() => api[Symbol.asyncDispose]());
  const logIn = async (email: string, password: string, address: string) =>
    (await api.call('POST', '/api/v1/auth/login', { body: { email, password }, ...from(address) })).status;

  test('a right password is not refused because somebody else guessed from another address', async () => {
    const { email, password } = await api.register();
    const guesses = [];
    for (let guess = 0; guess < 6; guess += 1) guesses.push(await logIn(email, 'a wrong password', '203.0.113.1'));
    expect(guesses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(await logIn(email, password, '203.0.113.2')).toBe(200);
  });

  test('a client cannot choose its address: what stands before the last proxy counts for nothing', async () => {
    const { email } = await api.register();
    const statuses = [];
    for (let guess = 0; guess < 6; guess += 1)
      statuses.push(await logIn(email, 'a wrong password', `198.51.100.${guess}, 203.0.113.9, 10.1.2.3`));
    expect(statuses.slice(-2)).toEqual([429, 429]);
  });

  test('guesses at an account from many addresses come to an end, and its owner gets in from a new one meanwhile', async () => {
    const { email, password } = await api.register();
    const guess = (count: number, first: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          logIn(email, 'a wrong password', `198.18.${(first + index) >> 8}.${(first + index) & 255}`),
        ),
      );
    const guesses = await guess(40, 0);
    expect(guesses.filter((status) => status === 401)).toHaveLength(15);
    expect(guesses.filter((status) => status === 429)).toHaveLength(25);
    const signedIn = await api.call('POST', '/api/v1/auth/login', {
      body: { email, password },
      ...from('203.0.113.76'),
    });
    expect(signedIn.status).toBe(200);
    const [device = ''] = signedIn.headers.getSetCookie();
    // Far more of them: nobody is locked out, and where its owner registered nothing has changed.
    await guess(60, 40);
    const home = await api.call('POST', '/api/v1/auth/login', { body: { email, password } });
    expect(home.status).toBe(200);
    const onDevice = async (cookie: string) =>
      (
        await api.call('POST', '/api/v1/auth/login', {
          body: { email, password },
          headers: { 'x-forwarded-for': '203.0.113.78', cookie },
        })
      ).status;
    expect(await onDevice('__Host-vibetribe-device=forged.9999999999.AAAA')).toBe(429);
    const other = await api.register();
    const another = await api.call('POST', '/api/v1/auth/login', {
      body: { email: other.email, password: other.password },
    });
    expect(await onDevice(another.headers.getSetCookie()[0]?.split(';')[0] ?? '')).toBe(429);
    expect(await onDevice(device.split(';')[0] ?? '')).toBe(200);
    await waitFor(async () => (await logIn(email, password, '203.0.113.77')) === 200, {
      timeoutMs: 30_000,
      intervalMs: 500,
      describe: 'the owner to get in from a new address',
    });
  });

  test('an IPv6 network counts as one address', async () => {
    const { email } = await api.register();
    const statuses = [];
    for (let guess = 1; guess <= 5; guess += 1)
      statuses.push(await logIn(email, 'a wrong password', `2001:db8:7:7::${guess}`));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(await logIn(email, 'a wrong password', '2001:db8:7:8::1')).toBe(401);
    const ask = async (address: string) => (await api.call('GET', '/api/v1/nowhere', from(address))).status;
    for (let count = 0; count < 25; count += 1) await ask(`2001:db8:9:9::${count}`);
    expect([await ask('2001:db8:9:9::ffff'), await ask('2001:db8:9:a::1')]).toEqual([429, 404]);
  });

  test('registrations of one address are bounded', async () => {
    await using few = await startTestApi(inject('postgresUrl'), {
      env: { TRUST_PROXY: '127.0.0.1', REGISTRATION_RATE_LIMIT: '3' },
    });
    const register = async (address: string) => {
      const body = { email: `${randomUUID()}@example.com`, password: testPassword, name: 'N', organizationName: 'O' };
      return (await few.call('POST', '/api/v1/auth/register', { body, ...from(address) })).status;
    };
    const statuses = [];
    for (let count = 1; count <= 5; count += 1) statuses.push(await register(`2001:db8:1:1::${count}`));
    expect(statuses).toEqual([201, 201, 201, 429, 429]);
    expect(await register('203.0.113.1')).toBe(201);
  });

  test('limits count each client by itself', async () => {
    const ask = async (address: string) => (await api.call('GET', '/api/v1/nowhere', from(address))).status;
    for (let count = 0; count < 25; count += 1) await ask('203.0.113.50');
    expect(await ask('203.0.113.50')).toBe(429);
    expect(await ask('203.0.113.51')).toBe(404);
  });

  test('nobody is an operator by the address of the proxy, with or without its header', async () => {
    for (const path of ['/metrics', '/api/v1/health/detailed']) {
      expect((await api.call('GET', path)).status).toBe(401);
      expect((await api.call('GET', path, from('127.0.0.1'))).status).toBe(401);
    }
    expect((await api.call('GET', '/metrics', { token: await api.adminKey() })).status).toBe(200);
  });
});

describe('behind a proxy that is not named', () => {
  test('what it says counts for nothing, and the operator is told once', async () => {
    await using api = await startTestApi(inject('postgresUrl'), { env: { LOGIN_RATE_LIMIT: '2' } });
    const { email } = await api.register();
    const statuses = [];
    for (let guess = 0; guess < 4; guess += 1) {
      const body = { email, password: 'a wrong password' };
      const answer = await api.call('POST', '/api/v1/auth/login', { body, ...from(`203.0.113.${guess}`) });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([401, 401, 429, 429]);
    expect(api.logged().match(/TRUST_PROXY does not name/g)).toHaveLength(1);
  });

  test('who has signed in from an address before gets in there, however many others fail from it', async () => {
    await using api = await startTestApi(inject('postgresUrl'), { env: { LOGIN_RATE_LIMIT: '1' } });
    const { email, password } = await api.register();
    const logIn = async (body: object) => (await api.call('POST', '/api/v1/auth/login', { body })).status;
    expect(await logIn({ email, password })).toBe(200);
    for (let count = 0; count < 25; count += 1)
      await logIn({ email: `other-${count}@example.com`, password: 'a wrong password' });
    expect(await logIn({ email: 'newcomer@example.com', password: 'a wrong password' })).toBe(429);
    expect(await logIn({ email, password })).toBe(200);
  });
});

describe('without a proxy', () => {
  /** As a browser would whose page was made to lead here: the connection is local, the name is not. */
  async function statusAs(url: string, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = httpRequest(`${url}/metrics`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject).end();
    return promise;
  }

  test('this machine counts as an operator by its own names only, and not at all where that is switched off', async () => {
    await using api = await startTestApi(inject('postgresUrl'));
    const url = api.replicas[0]?.url ?? '';
    for (const host of ['127.0.0.1', '127.0.0.1:3000', 'localhost', 'localhost:80', '[::1]:3000'])
      expect(await statusAs(url, host), host).toBe(200);
    for (const host of [
      'evil.example',
      'evil.example:3000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ])
      expect(await statusAs(url, host), host).toBe(401);
    await using closed = await startTestApi(inject('postgresUrl'), { env: { TRUST_LOOPBACK: 'off' } });
    expect((await closed.call('GET', '/metrics')).status).toBe(401);
    expect((await closed.call('GET', '/api/v1/health/detailed')).status).toBe(401);
    expect((await closed.call('GET', '/metrics', { token: await closed.adminKey() })).status).toBe(200);
  });
});
