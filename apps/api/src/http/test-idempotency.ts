import { connectDatabase, type Database } from '@vibetribe/db/connect-database';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import Fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify';
import { afterAll, beforeAll, inject } from 'vitest';
import { authenticateRequests, requireAccess } from './authentication.ts';
import { honourIdempotencyKeys } from './idempotency.ts';
import { handleProblem } from './problem-handler.ts';
import { startTestApi, type TestApi } from '../test-api.ts';

export let api: TestApi;
export let db: Database;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
  const [row] = await api.sql<{ url: string }>(`select current_database() as url`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${row?.url}`;
  db = connectDatabase({
    databaseUrl: url.href,
    poolMax: 10,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
});
afterAll(async () => {
  await db[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

/** An app with one repeatable route, over the real database. */
export async function repeatableApp(
  handler: RouteHandlerMethod,
  options: { lockMs?: number; timeoutMs?: number; actor?: AuthenticatedActor } = {},
) {
  const actor = options.actor ?? (await registerActor());
  const app = Fastify({ handlerTimeout: options.timeoutMs ?? 10_000 });
  app.setErrorHandler(handleProblem);
  requireAccess(app, {});
  authenticateRequests(app, {
    authenticator: { authenticate: async () => actor, authenticateCookie: async () => actor },
    publicUrl: () => 'http://localhost',
    limiter: { count: async () => undefined },
    trustsLoopback: true,
  });
  honourIdempotencyKeys(app, { db, lockMs: options.lockMs ?? 10_000 });
  app.post('/things', { config: { access: 'posts:write', idempotent: { secretFields: ['secret'] } } }, handler);
  return { app, actor };
}

async function registerActor(): Promise<AuthenticatedActor> {
  const { organization, user } = await api.register();
  return {
    organizationId: organization.id,
    userId: user.id,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: `user:${user.id}`,
    credential: { kind: 'session', familyId: 'fam_1' },
  };
}

export const post = async (app: FastifyInstance, key: string, body: unknown = { name: 'a' }) => {
  const answer = await app.inject({
    method: 'POST',
    url: '/things',
    headers: { authorization: 'Bearer x', 'idempotency-key': key },
    payload: body as object,
  });
  return {
    status: answer.statusCode,
    json: answer.json(),
    replayed: answer.headers['idempotent-replayed'],
    headers: answer.headers,
  };
};
