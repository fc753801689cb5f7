import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';
import { addEvent, addPost, eventValues, notify } from './test-posts.ts';
import { openSocket } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

/** An event is heard live, and by a client that comes back. */
async function expectLiveEvents(): Promise<void> {
  const { accessToken, organization } = await api.register();
  const post = await addPost(api, organization.id);
  await using socket = await openSocket(api, accessToken);
  await addEvent(api, organization.id, post, 'post.created');
  await notify(api);
  const first = await socket.next('post-created');
  await addEvent(api, organization.id, post);
  await using resumed = await openSocket(api, accessToken, { since: first.id, replica: 1 });
  await resumed.next('post-status-update');
}

test('a transaction that has written and stays open in another database holds up nobody', async () => {
  await using other = await createTestDatabase(inject('postgresUrl'));
  const client = new pg.Client({ connectionString: other.url });
  await client.connect();
  await client.query('begin');
  await client.query('create table written (id int)');
  await expectLiveEvents();
  await client.end();
});

test('a transaction of this database that has written anything but events holds up nobody', async () => {
  const { organization } = await api.register();
  await using open = await api.transaction();
  await open.sql(`update organizations set name = 'Open' where id = $1`, [organization.id]);
  await expectLiveEvents();
});

test('a transaction that wrote an event and rolled it back, whole or to a savepoint, holds up nobody', async () => {
  const { organization } = await api.register();
  const post = await addPost(api, organization.id);
  await using open = await api.transaction();
  await open.sql('savepoint before');
  await open.sql(...eventValues(organization.id, post));
  await open.sql('rollback to savepoint before');
  await expectLiveEvents();
});

test('one that has written events and does not end is told by log, health and metrics', async () => {
  const { accessToken, organization } = await api.register();
  const post = await addPost(api, organization.id);
  await using socket = await openSocket(api, accessToken);
  {
    await using open = await api.transaction();
    await open.sql(...eventValues(organization.id, post));
    await addEvent(api, organization.id, post, 'post.created');
    await notify(api);
    await waitFor(() => api.logged().includes('events wait for a transaction'), {
      describe: 'the warning',
      timeoutMs: 15_000,
    });
    const { json } = await api.call('GET', '/health/detailed');
    const { heldUpForMs, writers } = json['events'] as {
      heldUpForMs: number;
      writers: { pid: number; openForMs: number }[];
    };
    expect(heldUpForMs).toBeGreaterThan(4_000);
    expect(writers).toMatchObject([{ pid: expect.any(Number), openForMs: expect.any(Number) }]);
    expect((await api.call('GET', '/metrics')).text).toMatch(/^vibetribe_events_held_up_seconds\{app="api"\} [4-9]/m);
    await open.sql('rollback');
  }
  await socket.next('post-created');
  await waitFor(
    async () => /^vibetribe_events_held_up_seconds\{app="api"\} 0$/m.test((await api.call('GET', '/metrics')).text),
    {
      describe: 'nothing waits any more',
    },
  );
});

test('an event written after a savepoint was rolled back is waited for again, and told', async () => {
  const { accessToken, organization } = await api.register();
  const post = await addPost(api, organization.id);
  await using socket = await openSocket(api, accessToken);
  {
    await using open = await api.transaction();
    await open.sql('savepoint before');
    await open.sql(...eventValues(organization.id, post, 'publication.claimed'));
    await open.sql('rollback to savepoint before');
    await open.sql(...eventValues(organization.id, post, 'publication.claimed'));
    await addEvent(api, organization.id, post, 'post.created');
    await notify(api);
    await socket.ask('ping');
    expect(socket.events()).toEqual([]);
    await open.sql('commit');
  }
  await notify(api);
  await socket.next('post-created');
  expect(socket.events().map(({ type }) => type)).toEqual(['post-status-update', 'post-created']);
});
