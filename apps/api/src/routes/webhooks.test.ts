import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'));
});
afterAll(() => api[Symbol.asyncDispose]());

test('webhooks are made, read, changed, tested, rotated and deleted, and a secret is shown once', async () => {
  const { accessToken: token } = await api.register();
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.call(method, `/api/v1/webhooks${path}`, { token, headers, ...(body === undefined ? {} : { body }) });
  const made = await call('POST', '', { url: 'https://hooks.example.org/x', events: ['publication.*'] });
  expect(made).toMatchObject({ status: 201, json: { enabled: true, secret: expect.stringMatching(/^whsec_/) } });
  const { id, secret } = made.json as { id: string; secret: string };
  const list = await call('GET', '');
  expect(list.json['items']).toMatchObject([{ id, events: ['publication.*'] }]);
  expect(JSON.stringify([list.json, (await call('GET', `/${id}`)).json])).not.toContain(secret);
  expect(await call('PUT', `/${id}`, { enabled: false, events: ['notification'] })).toMatchObject({
    status: 200,
    json: { enabled: false, disabledBecause: 'by_hand', events: ['notification'] },
  });
  const keyed = { 'idempotency-key': 'once' };
  const tested = await call('POST', `/${id}/test`, undefined, keyed);
  expect((await call('POST', `/${id}/test`, undefined, keyed)).json).toEqual(tested.json);
  expect(tested).toMatchObject({ status: 202, json: { sequence: 1, type: 'webhook.test', status: 'pending' } });
  expect((await call('GET', `/${id}/deliveries`)).json['items']).toMatchObject([{ sequence: 1 }]);
  const delivery = String(tested.json['id']);
  for (const path of [`/${id}/deliveries/${delivery}/replay`, `/deliveries/${delivery}/replay`]) {
    const replayed = await call('POST', path, undefined, keyed);
    // What has arrived since is not sent once more for the same key.
    await api.sql("update webhook_deliveries set status = 'delivered', next_attempt_at = null where id = $1", [
      delivery,
    ]);
    const repeated = await call('POST', path, undefined, keyed);
    expect([replayed.status, repeated.headers.get('idempotent-replayed'), repeated.json]).toEqual([
      202,
      'true',
      replayed.json,
    ]);
    expect((await call('GET', `/${id}/deliveries`)).json['items']).toMatchObject([{ status: 'delivered' }]);
  }
  const rotated = await call('POST', `/${id}/rotate`, undefined, keyed);
  expect(rotated.json['secret']).not.toBe(secret);
  // The first new secret stays the one: its answer comes again without it.
  const again = await call('POST', `/${id}/rotate`, undefined, keyed);
  expect([again.headers.get('idempotent-replayed'), again.json]).toEqual([
    'true',
    { previousUntil: rotated.json['previousUntil'] },
  ]);
  expect((await call('DELETE', `/${id}`)).status).toBe(204);
  expect((await call('GET', `/${id}/deliveries`)).status).toBe(404);
});

test.each([
  [{ url: 'ftp://example.org/', events: ['post-created'] }, 'url'],
  [{ url: 'http://example.org/', events: ['post-created'] }, 'url'],
  [{ url: 'https://user:word@example.org/', events: ['post-created'] }, 'url'],
  [{ url: 'https://example.org/', events: ['nothing'] }, 'events.0'],
  [{ url: 'https://example.org/', events: [] }, 'events'],
])('%j is refused, naming the field', async (body, path) => {
  const { accessToken: token } = await api.register();
  const refused = await api.call('POST', '/api/v1/webhooks', { token, body });
  expect(refused).toMatchObject({ status: 422, json: { errors: [expect.objectContaining({ path })] } });
});
