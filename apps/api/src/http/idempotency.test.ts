import { connectDatabase, type Database } from '@vibetribe/db/connect-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { DomainError } from '@vibetribe/core/domain-error';
import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import Fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { authenticateRequests, requireAccess } from './authentication.ts';
import { answerInTransaction, honourIdempotencyKeys } from './idempotency.ts';
import { handleProblem } from './problem-handler.ts';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
let db: Database;
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
async function repeatableApp(handler: RouteHandlerMethod, options: { lockMs?: number; timeoutMs?: number } = {}) {
  const { organization, user } = await api.register();
  const actor: AuthenticatedActor = {
    organizationId: organization.id,
    userId: user.id,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: `user:${user.id}`,
    credential: { kind: 'session', familyId: 'fam_1' },
  };
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

const post = async (app: FastifyInstance, key: string, body: unknown = { name: 'a' }) => {
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

describe('a repeated request', () => {
  test('gets the first answer again and does nothing', async () => {
    let runs = 0;
    const { app } = await repeatableApp(async (_request, reply) => {
      runs += 1;
      reply.code(201).header('etag', `"${runs}"`);
      return { runs };
    });
    const first = await post(app, 'k1');
    const second = await post(app, 'k1');
    expect(runs).toBe(1);
    expect([first.status, first.json, first.replayed]).toEqual([201, { runs: 1 }, undefined]);
    expect([second.status, second.json, second.replayed, second.headers['etag']]).toEqual([
      201,
      { runs: 1 },
      'true',
      '"1"',
    ]);
    expect((await post(app, 'k2')).json).toEqual({ runs: 2 });
  });

  test('is the same whatever the order of its fields, and another with another body', async () => {
    const { app } = await repeatableApp(async () => ({}));
    await post(app, 'k1', { a: 1, b: { c: [1, 2], d: 2 } });
    expect((await post(app, 'k1', { b: { d: 2, c: [1, 2] }, a: 1 })).replayed).toBe('true');
    const other = await post(app, 'k1', { a: 1, b: { c: [2, 1], d: 2 } });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_mismatch']);
  });

  test('finds a refusal remembered, and a fault of ours forgotten', async () => {
    const outcomes = [new DomainError('conflict', 'no'), new Error('a bug'), null];
    const { app } = await repeatableApp(async () => {
      const outcome = outcomes.shift();
      if (outcome !== null) throw outcome ?? new Error('ran once too often');
      return { done: true };
    });
    expect((await post(app, 'refused')).json.code).toBe('conflict');
    expect(await post(app, 'refused')).toMatchObject({ status: 409, replayed: 'true', json: { code: 'conflict' } });
    expect((await post(app, 'failed')).status).toBe(500);
    expect(await post(app, 'failed')).toMatchObject({ status: 200, json: { done: true } });
  });

  test('gets the answer without the secret it carried, which is stored nowhere', async () => {
    const { app } = await repeatableApp(async () => ({ id: 1, secret: 'hush-hush-hush' }));
    expect((await post(app, 'k1')).json).toEqual({ id: 1, secret: 'hush-hush-hush' });
    expect(await post(app, 'k1')).toMatchObject({ replayed: 'true', json: { id: 1 } });
    expect(JSON.stringify(await api.sql('select response from idempotency_keys'))).not.toContain('hush');
  });

  test('after 24 hours is a new one', async () => {
    let runs = 0;
    const { app, actor } = await repeatableApp(async () => ({ runs: (runs += 1) }));
    await post(app, 'k1');
    await api.sql(`update idempotency_keys set created_at = now() - interval '25 hours' where organization_id = $1`, [
      actor.organizationId,
    ]);
    expect(await post(app, 'k1', { name: 'other' })).toMatchObject({
      status: 200,
      json: { runs: 2 },
      replayed: undefined,
    });
  });

  test.each(['', 'a'.repeat(256), 'with\ttab'])('with the malformed key %j is refused with its path', async (key) => {
    const { app } = await repeatableApp(async () => ({}));
    expect(await post(app, key)).toMatchObject({ status: 422, json: { errors: [{ path: 'Idempotency-Key' }] } });
  });
});

describe('requests with the same key at the same moment', () => {
  test('of two, one does the work and the other is told to wait', async () => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const { app } = await repeatableApp(async () => {
      runs += 1;
      await gate.promise;
      return { runs };
    });
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    const second = await post(app, 'k1');
    expect([second.status, second.json.code, second.headers['retry-after']]).toEqual([
      409,
      'idempotency_in_flight',
      '1',
    ]);
    expect((await post(app, 'k1', { other: true })).status).toBe(422);
    gate.resolve();
    expect((await first).json).toEqual({ runs: 1 });
    expect((await post(app, 'k1')).replayed).toBe('true');
  });

  test('of twenty, on two replicas, one does the work', async () => {
    const { accessToken } = await api.register();
    const create = (replica: number) =>
      api.call('POST', '/api/v1/api-keys', {
        token: accessToken,
        replica,
        body: { name: 'CI', scopes: ['read'] },
        headers: { 'idempotency-key': 'the same' },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => create(index % 2)));
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(answers.filter(({ json }) => typeof json['key'] === 'string')).toHaveLength(1);
    const replay = await create(1);
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    const list = await api.call('GET', '/api/v1/api-keys', { token: accessToken });
    expect(list.json['items']).toMatchObject([{ id: replay.json['id'] }]);
    expect(list.json['items']).toHaveLength(1);
  });

  test('keys of different principals and routes do not meet', async () => {
    const users = [await api.register(), await api.register()];
    for (const { accessToken } of users) {
      const body = { name: 'CI', scopes: ['read'] };
      const { status, headers } = await api.call('POST', '/api/v1/api-keys', {
        token: accessToken,
        body,
        headers: { 'idempotency-key': 'shared' },
      });
      expect([status, headers.get('idempotent-replayed')]).toEqual([201, null]);
    }
  });
});

describe('a holder that fails', () => {
  test('a request whose process died is free again when its time is over', async () => {
    let runs = 0;
    const dead = Promise.withResolvers<void>();
    const { app } = await repeatableApp(
      async () => {
        runs += 1;
        if (runs === 1) await dead.promise;
        return { runs };
      },
      { lockMs: 300 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    const second = await waitFor(
      async () => {
        const answer = await post(app, 'k1');
        return answer.status === 409 ? null : answer;
      },
      { describe: 'the key to be free' },
    );
    expect(second?.json).toEqual({ runs: 2 });
    dead.resolve();
    // It wakes up after all: its answer may not replace the one that was given.
    expect((await first).status).toBe(409);
    expect((await post(app, 'k1')).json).toEqual({ runs: 2 });
  });

  test('one that wakes up while its successor is at work can neither answer for it nor free its key', async () => {
    let runs = 0;
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { app } = await repeatableApp(
      async () => {
        const run = (runs += 1);
        await gates[run - 1]?.promise;
        return { run };
      },
      { lockMs: 1_000 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    let second = first;
    await waitFor(
      () => {
        second = post(app, 'k1');
        return Promise.race([
          second.then(() => false),
          waitFor(() => runs === 2, { timeoutMs: 2_000, describe: 'it' }),
        ]);
      },
      { describe: 'the second request to be under way' },
    );
    gates[0]?.resolve();
    expect((await first).status).toBe(409);
    gates[1]?.resolve();
    expect(await second).toMatchObject({ status: 200, json: { run: 2 } });
    expect(await post(app, 'k1')).toMatchObject({ replayed: 'true', json: { run: 2 } });
  });

  test('a request that timed out keeps its key until it is really over, and its answer then counts', async () => {
    let runs = 0;
    const slow = Promise.withResolvers<void>();
    const { app } = await repeatableApp(
      async () => {
        runs += 1;
        await slow.promise;
        return { runs };
      },
      { timeoutMs: 100 },
    );
    expect(await post(app, 'k1')).toMatchObject({ status: 503, json: { code: 'timeout' } });
    expect((await post(app, 'k1')).status).toBe(409);
    slow.resolve();
    const answer = await waitFor(
      async () => {
        const later = await post(app, 'k1');
        return later.status === 409 ? null : later;
      },
      { describe: 'the slow request to be over' },
    );
    expect([answer?.json, answer?.replayed, runs]).toEqual([{ runs: 1 }, 'true', 1]);
  });

  test("an answer written in the work's own transaction survives a crash right after the commit", async () => {
    const { app, actor } = await repeatableApp(async (request, reply) => {
      reply.code(201);
      await db.asTenant(actor.organizationId, async (tx) => {
        await answerInTransaction(request, { status: 201 })?.(tx, { id: 'made once', secret: 'hush' });
      });
      throw new Error('the process dies before it answers');
    });
    expect((await post(app, 'k1')).status).toBe(500);
    expect(await post(app, 'k1')).toMatchObject({ status: 201, replayed: 'true', json: { id: 'made once' } });
  });

  test('work in a transaction is rolled back where another request has taken the key over', async () => {
    let runs = 0;
    const frozen = Promise.withResolvers<void>();
    const { app, actor } = await repeatableApp(
      async (request) => {
        const run = (runs += 1);
        if (run === 1) await frozen.promise;
        await db.asTenant(actor.organizationId, async (tx) => {
          await tx.execute(
            `insert into notifications (id, organization_id, kind, title, body) values ('ntf_${actor.organizationId}_${run}', '${actor.organizationId}', 'k', 't', 'b')`,
          );
          await answerInTransaction(request, { status: 200 })?.(tx, { run });
        });
        return { run };
      },
      { lockMs: 200 },
    );
    const first = post(app, 'k1');
    await waitFor(() => runs === 1, { describe: 'the first request to be under way' });
    await waitFor(async () => (await post(app, 'k1')).status === 200, { describe: 'the key to be free' });
    frozen.resolve();
    expect((await first).status).toBe(409);
    expect(
      await api.sql('select id from notifications where organization_id = $1', [actor.organizationId]),
    ).toHaveLength(1);
  });
});
