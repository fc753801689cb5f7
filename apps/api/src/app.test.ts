import { connect } from 'node:net';
import { Problem } from '@vibetribe/contracts/error-code';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { REDIRECT_ORIGINS: 'https://app.example.com' } });
});
afterAll(() => api[Symbol.asyncDispose]());

const expectProblem = (
  { status, headers, json }: Awaited<ReturnType<TestApi['call']>>,
  wanted: number,
  code: string,
) => {
  expect([status, json['code']]).toEqual([wanted, code]);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(Problem.parse(json).requestId).toBe(headers.get('x-request-id'));
};

const loginBody = { email: 'a@example.com', password: 'x' };
const logIn = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/api/v1/auth/login', { body, headers });

describe('every refusal is a problem document', () => {
  test('an unknown address', async () => {
    expectProblem(await api.call('GET', '/nowhere'), 404, 'not_found');
    expectProblem(await api.call('GET', '/api/v1/nowhere'), 404, 'not_found');
    expectProblem(await api.call('GET', '/api/v1/%zz'), 400, 'malformed_request');
  });

  test('a method the address does not have, with those it has', async () => {
    const answer = await api.call('PATCH', '/api/v1/api-keys/key_1');
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('DELETE');
  });

  test('a body that is not JSON, is too large, or has another type', async () => {
    expectProblem(await logIn('{broken'), 400, 'malformed_request');
    expectProblem(await logIn('{"__proto__": {"a": 1}}'), 400, 'malformed_request');
    expectProblem(await logIn({ ...loginBody, password: 'x'.repeat(1024 * 1024) }), 413, 'payload_too_large');
    expectProblem(
      await logIn('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    );
    expectProblem(await logIn('{}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type');
    expectProblem(
      await logIn('{}', { 'content-type': 'application/json\t; charset=utf-8, text/plain' }),
      422,
      'validation_failed',
    );
  });

  test('no body, where one is needed', async () => {
    expectProblem(
      await api.call('POST', '/api/v1/auth/login', { headers: { 'content-type': 'application/json' } }),
      422,
      'validation_failed',
    );
  });

  test('fields that are missing, wrong, unknown or unstorable, each by its path', async () => {
    const body = { email: 'nope', organizationId: 'a\0b', extra: 1 };
    const first = await logIn({ email: 'nope', extra: 1 });
    expectProblem(first, 422, 'validation_failed');
    expect((first.json['errors'] as { path: string }[]).map(({ path }) => path).toSorted()).toEqual([
      'email',
      'extra',
      'password',
    ]);
    expect((await logIn(body)).json['errors']).toEqual([
      { path: 'organizationId', message: 'must be well-formed Unicode without NUL' },
    ]);
    expect((await logIn('{"email":"a@b.c","password":"\\ud800"}')).json['errors']).toMatchObject([
      { path: 'password' },
    ]);
    expectProblem(await logIn(`{"email":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 422, 'validation_failed');
  });

  test('credentials that are missing or wrong, with the scheme wanted', async () => {
    const answer = await api.call('GET', '/api/v1/auth/me');
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expectProblem(
      await api.call('GET', '/api/v1/auth/me', { token: 'eyJhbGciOiJub25lIn0.e30.' }),
      401,
      'unauthenticated',
    );
  });

  test('a bad path parameter or cursor', async () => {
    const { accessToken } = await api.register();
    expectProblem(
      await api.call('DELETE', `/api/v1/api-keys/${'x'.repeat(90)}`, { token: accessToken }),
      404,
      'not_found',
    );
    expectProblem(await api.call('DELETE', '/api/v1/api-keys/a%00b', { token: accessToken }), 422, 'validation_failed');
    for (const cursor of ['x', 'bnVsbA', 'WyJhIl0', '%00']) {
      const answer = await api.call('GET', `/api/v1/notifications?cursor=${cursor}`, { token: accessToken });
      expectProblem(answer, 422, 'validation_failed');
    }
    expectProblem(
      await api.call('GET', '/api/v1/notifications?limit=1&limit=2', { token: accessToken }),
      422,
      'validation_failed',
    );
  });

  test('a Host header that is no host', async () => {
    const { port } = api.replicas[0] ?? { port: 0 };
    const socket = connect(port, '127.0.0.1');
    socket.end('GET /docs HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
  });

  test('a request that takes too long', async () => {
    await using slow = await startTestApi(inject('postgresUrl'), { env: { REQUEST_TIMEOUT: '400' } });
    const { accessToken } = await slow.register();
    await using holder = await slow.transaction();
    await holder.sql('lock table notifications in access exclusive mode');
    expectProblem(await slow.call('GET', '/api/v1/notifications', { token: accessToken }), 503, 'timeout');
  });
});

describe('headers', () => {
  test('say what browsers may not do with an answer', async () => {
    const { headers } = await api.call('GET', '/health');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('strict-transport-security')).toContain('max-age');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('let the frontends named read answers and refusals, and nobody else', async () => {
    const ask = async (origin: string) => (await api.call('GET', '/api/v1/auth/me', { headers: { origin } })).headers;
    expect((await ask('https://app.example.com')).get('access-control-allow-origin')).toBe('https://app.example.com');
    expect((await ask('https://evil.example.com')).get('access-control-allow-origin')).toBeNull();
    const preflight = await api.call('OPTIONS', '/api/v1/api-keys', {
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'authorization']);
  });

  test("carry a request id: the caller's where it is a plain one, else ours", async () => {
    const ask = async (id: string) =>
      (await api.call('GET', '/health', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await ask('trace-1.2_3')).toBe('trace-1.2_3');
    expect(await ask('a b"c')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('tell what is left of the rate limit, and when to come back', async () => {
    await using limited = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '5' } });
    const { accessToken } = await limited.register();
    const answers = await Promise.all(
      Array.from({ length: 7 }, () => limited.call('GET', '/api/v1/auth/me', { token: accessToken })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await limited.call('GET', '/health')).status).toBe(200);
    const other = await limited.call('GET', '/api/v1/auth/me');
    expect(other.status).toBe(401);
  });
});

describe('addresses of the service itself', () => {
  test('health is told at the root and under the version, in detail to operators', async () => {
    expect((await api.call('GET', '/health')).json).toEqual({ status: 'ok' });
    expect((await api.call('GET', '/api/v1/health')).json).toEqual({ status: 'ok' });
    const { status, json } = await api.call('GET', '/api/v1/health/detailed');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      dependencies: { database: { ok: true }, queue: { ok: true, kind: 'postgres' } },
      pool: { max: 20 },
      breakers: [],
    });
    expect(
      (await api.call('GET', '/api/v1/health/detailed', { headers: { 'x-forwarded-for': '127.0.0.1' } })).status,
    ).toBe(401);
  });

  test('metrics are told to the loopback address and to an ops key', async () => {
    const { status, text } = await api.call('GET', '/metrics');
    expect([status, text.includes('vibetribe_http_request_duration_seconds')]).toEqual([200, true]);
    const headers = { 'x-forwarded-for': '8.8.8.8' };
    expect((await api.call('GET', '/metrics', { headers })).status).toBe(401);
    expect((await api.call('GET', '/metrics', { headers, token: await api.adminKey() })).status).toBe(200);
    expect((await api.call('GET', '/metrics', { headers, token: (await api.register()).accessToken })).status).toBe(
      403,
    );
  });

  test('the description names every route and its problems, and the docs page asks no other host', async () => {
    const { json } = await api.call('GET', '/openapi.json');
    expect(json['openapi']).toBe('3.1.0');
    const paths = json['paths'] as Record<
      string,
      Record<string, { security?: unknown; responses: Record<string, unknown> }>
    >;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/v1/auth/login', '/api/v1/api-keys/{id}', '/api/v1/notifications']),
    );
    expect(paths['/api/v1/auth/login']?.['post']?.security).toEqual([]);
    expect(Object.keys(paths['/api/v1/api-keys']?.['post']?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '422', 'default']),
    );
    const page = await api.call('GET', '/docs/');
    expect(page.status).toBe(200);
    expect(page.text.match(/(src|href)="https?:/g)).toBeNull();
    const script = /src="([^"]+\.js)"/.exec(page.text)?.[1] ?? '';
    expect((await api.call('GET', new URL(script, 'http://x/docs/').pathname)).status).toBe(200);
  });

  test('security.txt says whom to tell and until when', async () => {
    const { text } = await api.call('GET', '/.well-known/security.txt');
    expect(text).toMatch(/^Contact: mailto:security@.+\nExpires: 20\d\d-.+/);
  });

  test.each([
    ['people@example.com', 'mailto:people@example.com'],
    ['https://example.com/report', 'https://example.com/report'],
  ])('security.txt names the contact that was set: %s', async (setting, uri) => {
    await using set = await startTestApi(inject('postgresUrl'), { env: { SECURITY_CONTACT: setting } });
    const { text } = await set.call('GET', '/.well-known/security.txt');
    expect(text).toContain(`Contact: ${uri}\n`);
  });
});

describe('the log', () => {
  test('has one line for each request, without query, token or password', async () => {
    const { accessToken, refreshToken, password } = await api.register();
    await api.call('GET', '/api/v1/notifications?cursor=planted-cursor', { token: accessToken });
    await api.call('POST', '/api/v1/auth/refresh', { body: { refreshToken } });
    const log = api.logged();
    expect(log).toContain('"path":"/api/v1/notifications"');
    for (const secret of ['planted-cursor', accessToken, refreshToken, password]) expect(log).not.toContain(secret);
  });
});
