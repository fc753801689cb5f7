import { expect, test } from 'vitest';
import { type Logger, createLogger } from './logger.ts';
import { serializeError } from './serialize-error.ts';

const canary = 'canary-7f3a9c';

test('a line is JSON with app, pid, level, time and message', () => {
  const { logger, lines } = recording();
  logger.info({ port: 3000 }, 'ready');
  expect(lines).toEqual([
    expect.objectContaining({
      app: 'api',
      pid: process.pid,
      level: 'info',
      msg: 'ready',
      port: 3000,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    }),
  ]);
});

const secretNames = [
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'password',
  'token',
  'secret',
  'accessToken',
  'access_token',
  'refreshToken',
  'appPassword',
  'apiKey',
  'api_key',
  'x-api-key',
  'credentials',
  'clientSecret',
  'client_secret',
  'code',
  'codeVerifier',
  'code_verifier',
  'databaseUrl',
  'DATABASE_URL',
  'redisUrl',
  'REDIS_URL',
  'accessJwt',
  'refreshJwt',
  'passwordHash',
  'ENCRYPTION_KEYS',
  'AUTH_SECRET',
  'ticket',
];

test.each(secretNames)('a secret under the name %s is hidden at every depth, in arrays and in children', (name) => {
  for (let depth = 0; depth < 12; depth += 1) {
    expect(loggedBy((logger) => logger.info(buried({ [name]: canary }, depth), 'fields'))).not.toContain(canary);
    expect(loggedBy((logger) => logger.info(buried({ list: [{ [name]: [canary] }] }, depth), 'array'))).not.toContain(
      canary,
    );
    expect(loggedBy((logger) => logger.info(buried({ [name]: { inner: canary } }, depth), 'object'))).not.toContain(
      canary,
    );
    expect(loggedBy((logger) => logger.child(buried({ [name]: canary }, depth)).info('child'))).not.toContain(canary);
    expect(
      loggedBy((logger) =>
        logger
          .child({ a: 1 })
          .child(buried({ [name]: canary }, depth), {})
          .info('child of child'),
      ),
    ).not.toContain(canary);
  }
});

test.each([
  ['an authorization header in a text', (logger: Logger) => logger.warn(`sent Authorization: Bearer ${canary}`)],
  [
    'the user and password of an address',
    (logger: Logger) => logger.warn({ note: `cannot reach postgres://app:${canary}@db:5432/x` }, 'down'),
  ],
  [
    'a token in a query',
    (logger: Logger) => logger.warn({ link: `https://a.example/x?access_token=${canary}&b=1` }, 'link'),
  ],
  ['a code in a query', (logger: Logger) => logger.warn(`GET /callback?state=1&code=${canary}`)],
  [
    'an address as an object',
    (logger: Logger) => logger.warn({ link: new URL(`https://user:${canary}@a.example/`) }, 'link'),
  ],
  [
    'the query of a request',
    (logger: Logger) =>
      logger.info({ req: { method: 'GET', url: `/ws?x=${canary}`, headers: { cookie: canary } } }, 'req'),
  ],
  [
    'the headers and body of a reply',
    (logger: Logger) => logger.info({ res: { statusCode: 200, body: canary, headers: { a: canary } } }, 'res'),
  ],
  [
    'what hangs on an error',
    (logger: Logger) => logger.error(Object.assign(new Error('failed'), { request: { body: canary }, detail: canary })),
  ],
  [
    'what hangs on a cause',
    (logger: Logger) =>
      logger.error({ err: new Error('failed', { cause: Object.assign(new Error('why'), { row: canary }) }) }),
  ],
  [
    'what hangs on an error among the fields',
    (logger: Logger) => logger.error({ job: { last: Object.assign(new Error('x'), { row: canary }) } }),
  ],
  ['a cause that is not an error', (logger: Logger) => logger.error(new Error('failed', { cause: canary }))],
  ['an object thrown instead of an error', (logger: Logger) => logger.error({ err: { token: canary } })],
  [
    'an address in the message of an error',
    (logger: Logger) => logger.error(new Error(`connect redis://:${canary}@cache:6379 failed`)),
  ],
])('%s is hidden', (_, log) => {
  expect(loggedBy(log)).not.toContain(canary);
});

test('bytes are told by their number only', () => {
  const { logger, lines } = recording();
  logger.info({ body: Buffer.from(canary), view: new TextEncoder().encode(canary) }, 'bytes');
  expect(lines[0]).toMatchObject({ body: '[13 bytes]', view: '[13 bytes]' });
});

test('an API key and a JWT are recognised by their form, under any name', () => {
  const apiKey = `vt_${'a1B2'.repeat(9)}zZ`;
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
  const { logger, text } = recording();
  logger.info({ note: apiKey, list: [jwt] }, `got ${apiKey} and ${jwt}`);
  expect(text()).not.toContain(apiKey);
  expect(text()).not.toContain(jwt);
});

test('what explains an event stays', () => {
  const { logger, lines } = recording();
  const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
  const err = Object.assign(new Error('no database', { cause }), { code: 'DB_DOWN' });
  logger.error(
    {
      err,
      postId: 'p1',
      attempts: 2,
      tokenExpiresAt: '2026-01-01T00:00:00Z',
      at: new Date(0),
      outcome: { kind: 'retry' },
    },
    'failed',
  );
  expect(lines[0]).toMatchObject({
    postId: 'p1',
    attempts: 2,
    tokenExpiresAt: '2026-01-01T00:00:00Z',
    at: '1970-01-01T00:00:00.000Z',
    outcome: { kind: 'retry' },
    err: {
      type: 'Error',
      message: 'no database',
      code: 'DB_DOWN',
      stack: expect.any(String),
      cause: { message: 'connection refused', code: 'ECONNREFUSED' },
    },
  });
});

test('a request is told by id, method and path, a reply by its status', () => {
  const { logger, lines } = recording();
  logger.info(
    { req: { id: 'r1', method: 'POST', url: '/api/v1/posts?limit=1#x' }, res: { statusCode: 201 } },
    'request',
  );
  expect(lines[0]).toMatchObject({
    req: { id: 'r1', method: 'POST', path: '/api/v1/posts' },
    res: { statusCode: 201 },
  });
});

test('circles, chains of causes without end and huge objects make a line of bounded length', () => {
  const { logger, text } = recording();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const error = new Error('round');
  error.cause = error;
  logger.info({ circle, err: error, many: Array.from({ length: 50_000 }, () => ({ a: 1 })) }, 'large');
  expect(text().length).toBeLessThan(50_000);
});

test('every part of an aggregate is told', () => {
  const { logger, lines } = recording();
  logger.error(new AggregateError([new Error('IPv4'), new Error('IPv6')], 'both failed'));
  expect(lines[0]).toMatchObject({
    err: { message: 'both failed', errors: [{ message: 'IPv4' }, { message: 'IPv6' }] },
  });
});

function recording() {
  const written: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    app: 'api',
    level: 'info',
    destination: {
      write(line) {
        written.push(line);
        lines.push(JSON.parse(line));
      },
    },
  });
  return { logger, lines, text: () => written.join('') };
}

function loggedBy(log: (logger: Logger) => void): string {
  const { logger, lines, text } = recording();
  log(logger);
  expect(lines).toHaveLength(1);
  return text();
}

function buried(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  return depth === 0 ? value : { level1: buried(value, depth - 1) };
}

test('a failed statement is logged without its parameters, in its message, stack and as a cause', () => {
  const query = 'insert into users (email, password_hash) values ($1, $2)';
  const failed = Object.assign(new Error(`Failed query: ${query}\nparams: someone@example.org,planted-hash`), {
    query,
    params: ['someone@example.org', 'planted-hash'],
  });
  const told = JSON.stringify([serializeError(failed), serializeError(new Error('wrapped', { cause: failed }))]);
  expect(told).toContain('insert into users');
  expect(told).not.toContain('planted-hash');
  expect(told).not.toContain('someone@example.org');
});
