import { randomUUID } from 'node:crypto';
import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import { recordBackend } from '@vibetribe/queue/record-backend';
import { addAccount, addAttempt, addOrganization, addPost, addPublication } from '@vibetribe/db/testing/test-rows';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe.each(['postgres', 'redis'] as const)('queues on %s', (backend) => {
  let api: TestApi;
  let key: string;
  let closing: AsyncDisposableStack;
  const call = (method: string, path: string, body?: unknown) =>
    api.call(method, `/api/v1/queues${path}`, { token: key, ...(body === undefined ? {} : { body }) });

  beforeAll(async () => {
    closing = new AsyncDisposableStack();
    const env = backend === 'redis' ? { REDIS_URL: ownRedisUrl() } : {};
    api = closing.use(await startTestApi(inject('postgresUrl'), { env }));
    key = await api.adminKey();
    await Promise.all(
      ['resume', 'clean'].map((verb) =>
        call('POST', `/publish-x/${verb}`, verb === 'clean' ? { state: 'delayed' } : undefined),
      ),
    );
  });
  afterAll(() => closing.disposeAsync());

  test('are listed with counts, and each job can be read, moved and removed', async () => {
    const id = await enqueueLater(api, backend);
    const list = await call('GET', '');
    expect([list.status, list.json['nextCursor']]).toEqual([200, null]);
    expect(list.json['items']).toContainEqual(expect.objectContaining({ name: 'publish-x', isPaused: false }));
    const jobs = await call('GET', '/publish-x/jobs?state=delayed&limit=100');
    const job = (jobs.json['items'] as { id: string; data: { publications: { publicationId: string }[] } }[]).find(
      ({ data }) => data.publications.some(({ publicationId }) => publicationId === id),
    );
    expect(job).toBeDefined();
    for (const call of ['queue call', 'database call']) expect(api.logged()).toContain(`"msg":"${call}"`);
    expect((await call('GET', `/publish-x/jobs/${job?.id}`)).json).toMatchObject({ id: job?.id, state: 'delayed' });
    expect((await call('PUT', `/publish-x/jobs/${job?.id}`, { delayMs: 120_000 })).status).toBe(200);
    expect((await call('DELETE', `/publish-x/jobs/${job?.id}`)).status).toBe(204);
    expect((await call('GET', `/publish-x/jobs/${job?.id}`)).status).toBe(404);
    expect((await call('DELETE', `/publish-x/jobs/${job?.id}`)).status).toBe(404);
  });

  test('are paused, resumed, cleaned and have their failed jobs retried', async () => {
    expect((await call('POST', '/publish-x/pause')).json).toMatchObject({ name: 'publish-x', isPaused: true });
    expect((await call('POST', '/publish-x/resume')).json).toMatchObject({ isPaused: false });
    expect((await call('POST', '/publish-x/retry-failed')).json).toEqual({ count: 0 });
    expect((await call('POST', '/publish-x/clean', { state: 'completed' })).json).toEqual({ count: 0 });
    expect((await call('POST', '/publish-x/clean')).status).toBe(200);
    expect((await call('POST', '/publish-x/clean', { state: 'nowhere' })).status).toBe(422);
  });

  test.each(['/nowhere/jobs', '/publish-x/jobs/none'])('GET %s is not found', async (path) => {
    expect((await call('GET', path)).status).toBe(404);
  });

  test('are for service admins only', async () => {
    const { accessToken } = await api.register();
    const calls = ['GET ', 'GET /publish-x/jobs', 'GET /processed/stats', 'DELETE /processed', 'POST /publish-x/pause'];
    for (const [method = '', path = ''] of calls.map((each) => each.split(' ')))
      expect((await api.call(method, `/api/v1/queues${path}`, { token: accessToken })).status).toBe(403);
  });

  test('what was processed can be asked by id and in numbers', async () => {
    const organizationId = await addOrganization(api.sql);
    const { accountId } = await addAccount(api.sql, { organizationId });
    const postId = await addPost(api.sql, { organizationId });
    const publicationId = await addPublication(api.sql, { organizationId, postId, accountId, status: 'published' });
    expect((await call('GET', `/processed/${publicationId}`)).json).toMatchObject({ processed: false, attempts: [] });
    await addAttempt(api.sql, { organizationId, publicationId, accountId, outcome: 'published' });
    expect((await call('GET', `/processed/${publicationId}`)).json).toMatchObject({
      processed: true,
      status: 'published',
      attempts: [{ number: 1, outcome: 'published' }],
    });
    expect((await call('GET', '/processed/pub_unknown')).status).toBe(404);
    const stats = (await call('GET', '/processed/stats')).json as { last24h: { byOutcome: Record<string, number> } };
    expect(stats.last24h.byOutcome['published']).toBeGreaterThan(0);
    expect((await call('DELETE', '/processed')).status).toBe(204);
    expect((await call('GET', `/processed/${publicationId}`)).json).toMatchObject({ processed: false, attempts: [] });
    expect((await call('GET', '/processed/stats')).json['last24h']).toEqual({ total: 0, byOutcome: {} });
    expect(await api.sql('select 1 from attempts where publication_id = $1', [publicationId])).toHaveLength(1);
  });
});

/** A database of Redis for this test alone: other tests have jobs in the first one. */
function ownRedisUrl(): string {
  return new URL('/7', inject('redisUrl')).href;
}

/** A job of a publication that is due in a minute; the publication's id. */
async function enqueueLater(api: TestApi, backend: 'postgres' | 'redis'): Promise<string> {
  const pool = new pg.Pool({ connectionString: api.databaseUrl, max: 1 });
  try {
    const redis = backend === 'redis' ? { redisUrl: ownRedisUrl(), ...(await recordBackend(pool, backend)) } : {};
    await using connection = await connectQueue({ pool, logger: quiet, ...redis });
    const publicationId = `pub_${randomUUID()}`;
    const request = { platform: 'x', publicationId, generation: 1, delayMs: 60_000, priority: 1 };
    await createPublishQueue(connection).enqueue([request]);
    return publicationId;
  } finally {
    await pool.end();
  }
}
