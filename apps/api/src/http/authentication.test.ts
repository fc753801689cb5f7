import { DomainError } from '@vibetribe/core/domain-error';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { authenticateRequests, requireAccess } from './authentication.ts';
import { handleProblem } from './problem-handler.ts';

const viewer: AuthenticatedActor = {
  organizationId: 'org_1',
  userId: 'usr_1',
  role: 'viewer',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: 'user:usr_1',
  credential: { kind: 'session', familyId: 'fam_1' },
};

function guardedApp(): { app: FastifyInstance; counted: string[] } {
  const app = Fastify();
  const counted: string[] = [];
  app.setErrorHandler(handleProblem);
  requireAccess(app, { '/plugin': 'public' });
  authenticateRequests(app, {
    authenticator: {
      async authenticate(bearer) {
        if (bearer === 'viewer') return viewer;
        if (bearer === 'ops') return { ...viewer, serviceAdmin: true, scopes: ['ops'] };
        throw new DomainError('unauthenticated', 'unknown');
      },
      authenticateCookie: () => Promise.reject(new DomainError('session_revoked', 'unknown')),
    },
    publicUrl: () => 'http://localhost',
    limiter: { count: async (key) => void counted.push(key) },
    trustsLoopback: true,
  });
  return { app, counted };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('default deny', () => {
  test('a route that does not say who may call it stops the boot', async () => {
    const { app } = guardedApp();
    expect(() => app.get('/forgotten', async () => 'open')).toThrow('GET /forgotten does not say who may call it');
    await expect(app.register(async (inner) => inner.get('/inner', async () => 'open')).ready()).rejects.toThrow(
      '/inner',
    );
  });

  test('a route that says it is asked for credentials before anything else happens', async () => {
    const { app } = guardedApp();
    let isHandled = false;
    app.post('/posts', { config: { access: 'posts:write' } }, async () => {
      isHandled = true;
    });
    const answer = async (headers: Record<string, string>) =>
      (await app.inject({ method: 'POST', url: '/posts', headers, payload: '{broken' })).statusCode;
    expect(await answer({})).toBe(401);
    expect(await answer(bearer('nonsense'))).toBe(401);
    expect(await answer({ authorization: 'Basic dmlld2VyOg==' })).toBe(401);
    expect(await answer(bearer('viewer'))).toBe(403);
    expect(isHandled).toBe(false);
  });

  test('HEAD is guarded as GET is', async () => {
    const { app } = guardedApp();
    app.get('/posts', { config: { access: 'posts:read' } }, async () => ({}));
    expect((await app.inject({ method: 'HEAD', url: '/posts' })).statusCode).toBe(401);
    expect((await app.inject({ method: 'HEAD', url: '/posts', headers: bearer('viewer') })).statusCode).toBe(200);
  });

  test('routes of plugins are open only where they are named', async () => {
    const { app } = guardedApp();
    app.get('/plugin/page', async () => 'page');
    expect(() => app.get('/plugin-other', async () => 'x')).toThrow('does not say who may call it');
    expect((await app.inject('/plugin/page')).statusCode).toBe(200);
  });

  test('a public route has no actor to lean on', async () => {
    const { app } = guardedApp();
    app.get('/open', { config: { access: 'public' } }, async (request) => request.actor);
    expect((await app.inject({ url: '/open', headers: bearer('viewer') })).statusCode).toBe(500);
  });

  test('a failed authentication counts against the address, a good one against the principal', async () => {
    const { app, counted } = guardedApp();
    app.get('/posts', { config: { access: 'posts:read' } }, async () => ({}));
    await app.inject({ url: '/posts', headers: bearer('nonsense') });
    await app.inject({ url: '/posts', headers: bearer('viewer') });
    expect(counted).toEqual(['ip:127.0.0.1', 'user:usr_1']);
  });
});

describe("operators' routes", () => {
  const operatorApp = () => {
    const { app } = guardedApp();
    app.get('/metrics', { config: { access: 'operator' } }, async () => 'numbers');
    return app;
  };
  const get = async (options: { remoteAddress?: string; headers?: Record<string, string> }) =>
    (await operatorApp().inject({ url: '/metrics', ...options })).statusCode;

  test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])(
    'are open to the loopback address %s',
    async (remoteAddress) => {
      expect(await get({ remoteAddress })).toBe(200);
    },
  );

  test('are closed to any other address without an ops key', async () => {
    expect(await get({ remoteAddress: '10.0.0.5' })).toBe(401);
    expect(await get({ remoteAddress: '10.0.0.5', headers: bearer('viewer') })).toBe(403);
    expect(await get({ remoteAddress: '10.0.0.5', headers: bearer('ops') })).toBe(200);
  });

  test.each([
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '8.8.8.8' },
    { forwarded: 'for=127.0.0.1' },
    { 'x-real-ip': '::1' },
  ])('are closed to what a proxy on this machine passes on: %j', async (headers) => {
    expect(await get({ remoteAddress: '127.0.0.1', headers })).toBe(401);
  });

  test('no header makes another address a loopback one', async () => {
    expect(await get({ remoteAddress: '10.0.0.5', headers: { 'x-forwarded-for': '127.0.0.1' } })).toBe(401);
  });
});
