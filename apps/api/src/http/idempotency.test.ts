import { waitFor } from '@vibetribe/testkit/wait-for';
import { DomainError } from '@vibetribe/core/domain-error';
import { describe, expect, test } from 'vitest';
import { api, repeatableApp, post } from './test-idempotency.ts';

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

  test('gets the first answer again where the route sends it instead of returning it, too', async () => {
    let runs = 0;
    const { app } = await repeatableApp((_request, reply) => {
      runs += 1;
      return reply.code(201).header('etag', `"${runs}"`).send({ runs, secret: 'hush' });
    });
    const first = await post(app, 'k1');
    expect([first.status, first.json, first.headers['etag']]).toEqual([201, { runs: 1, secret: 'hush' }, '"1"']);
    expect(await post(app, 'k1')).toMatchObject({ status: 201, json: { runs: 1 }, replayed: 'true' });
    expect(runs).toBe(1);
  });

  test('is refused before anything leaves where its answer could not be remembered', async () => {
    const { app } = await repeatableApp(async (_request, reply) => reply.send(Buffer.from('bytes')));
    expect(await post(app, 'k1')).toMatchObject({ status: 500, json: { code: 'internal' } });
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
