import { afterAll, describe, expect, test } from 'vitest';
import type { ReconcileQuery } from '../port/reconcile.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { instagram } from './index.ts';

const client = openTestClient('instagram');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: '17841000000000001', handle: 'ada', service: null };
const post = (id: string, caption: string, agoMs = 0) => ({
  id,
  caption,
  timestamp: new Date(Date.now() - agoMs).toISOString(),
});
const before = post('180', 'Before', 86_400_000);

/** Of a send whose container is gone: the list alone can tell. */
async function lookAmong(posts: object[], { aheadMs = 0, ...query }: Partial<ReconcileQuery> & { aheadMs?: number }) {
  await using server = await startRoutes({
    'GET /v25.0/171': () => ({ status: 400, json: { error: { message: 'm', code: 100, error_subcode: 33 } } }),
    'GET /v25.0/190': () => ({ json: { id: '190' } }),
    [`GET /v25.0/${account.externalId}/media`]: () => ({ json: { data: posts } }),
  });
  const publication = startPublication({
    adapter: instagram,
    endpoints: testEndpoints({ api: server.origin, version: 'v25.0' }),
    client,
    account,
    accessToken: 't',
    details: { login: 'instagram' },
    content: { text: 'Hello', options: {}, media: [] },
  });
  const ours = new Date(Date.now() + aheadMs);
  publication.intents.set('publish', { step: 'publish', key: { edge: 'media', newest: '180' }, startedAt: ours });
  const results = { 'post container': { id: '171', expiresAt: ours.toISOString() } };
  return await publication.reconcile({ results, askedAt: ours, ...query });
}

describe('a post whose container is gone', () => {
  test.each([-400_000, 90_000, 400_000])(
    'does not hang on our clock, %i ms ahead of Instagram’s, where the newest of before is known or is gone',
    async (aheadMs) => {
      for (const list of [[post('182', 'Hello'), before], [post('182', 'Hello')]])
        expect(await lookAmong(list, { aheadMs })).toMatchObject({ kind: 'found', platformPostId: '182' });
    },
  );

  test('is in doubt where the only new post has other words', async () => {
    const list = [post('182', 'A stranger'), before];
    expect(await lookAmong(list, {})).toMatchObject({ kind: 'not_seen', doubt: expect.stringContaining('182') });
    expect(await lookAmong(list, { takenPostIds: new Set(['182']) })).not.toHaveProperty('doubt');
  });

  test('is not absent where a post of ours that is there is not in the list', async () => {
    expect(await lookAmong([before], { knownSince: ['190'] })).toMatchObject({ kind: 'inconclusive' });
    expect(await lookAmong([before], { knownSince: ['191'] })).toMatchObject({ kind: 'not_seen' });
  });
});
