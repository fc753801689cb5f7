import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2, env: { REQUEST_TIMEOUT: '1500' } });
});
afterAll(() => api[Symbol.asyncDispose]());

async function draft() {
  const user = await api.register();
  const token = user.accessToken;
  const { accountId } = await addAccount(api.sql, { organizationId: user.organization.id });
  const body = { content: 'First', accountIds: [accountId], draft: true };
  const { json } = await api.call('POST', '/api/v1/posts', { token, body });
  const id = String(json['id']);
  const contentOf = async () => {
    const [row] = await api.sql<{ content: string }>('select content from posts where id = $1', [id]);
    return row?.content;
  };
  return { token, id, accountId, contentOf };
}

const someoneWaits = () =>
  waitFor(
    async () =>
      (await api.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
        .length > 0,
    { describe: 'a transaction waits for a lock' },
  );
const nobodyWorks = () =>
  waitFor(
    async () =>
      (
        await api.sql(
          `select 1 from pg_stat_activity where datname = current_database() and application_name = 'vibetribe-api' and state <> 'idle'`,
        )
      ).length === 0,
    { describe: 'no transaction is under way' },
  );

/** That holds up others until its end. */
async function transaction() {
  const begun = await api.transaction();
  let isOver = false;
  const end = async () => {
    if (!isOver) await begun[Symbol.asyncDispose]();
    isOver = true;
  };
  return { sql: (text: string, values?: unknown[]) => begun.sql(text, values), end, [Symbol.asyncDispose]: end };
}

/** Sends a request whose connection can be cut. */
function send(method: string, path: string, { token, body }: { token: string; body: unknown }) {
  const request = httpRequest(`${api.replicas[0]?.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === null ? {} : { 'content-type': 'application/json' }) },
  });
  request.on('error', () => undefined);
  request.end(body === null ? undefined : JSON.stringify(body));
  const closed = new Promise<void>((resolve) => void request.once('close', resolve));
  return {
    async giveUp(): Promise<void> {
      request.destroy();
      await closed;
    },
  };
}

describe('a request that is over is not carried out', () => {
  test('because its client has gone: an edit that waited for another one', async () => {
    const { id, token, contentOf } = await draft();
    await using other = await transaction();
    await other.sql('select 1 from posts where id = $1 for update', [id]);
    const request = send('PUT', `/api/v1/posts/${id}`, { token, body: { content: 'Given up' } });
    await someoneWaits();
    await request.giveUp();
    await other.end();
    await nobodyWorks();
    expect(await contentOf()).toBe('First');
  });

  test('because its time is over: 503, and nothing after it; its key is free again', async () => {
    const { token, accountId } = await draft();
    await using other = await transaction();
    await other.sql('select 1 from accounts where id = $1 for update', [accountId]);
    const body = { content: 'Late', accountIds: [accountId], draft: true };
    const ask = () =>
      api.call('POST', '/api/v1/posts', { token, body, headers: { 'idempotency-key': `late-${accountId}` } });
    const answer = await ask();
    expect(answer).toMatchObject({ status: 503, json: { code: 'timeout' } });
    expect(answer.text).not.toContain('may still be finished');
    await other.end();
    await nobodyWorks();
    expect(await api.sql(`select 1 from posts where content = 'Late'`)).toEqual([]);
    await waitFor(async () => (await ask()).status === 201, { describe: 'the key to be free' });
    expect(await api.sql(`select 1 from posts where content = 'Late'`)).toHaveLength(1);
  });

  test.each([
    ['POST', '/publish'],
    ['DELETE', ''],
    ['POST', '/duplicate'],
  ] as const)('whatever it asks for: %s …%s', async (method, verb) => {
    const { id, token } = await draft();
    await using other = await transaction();
    await other.sql('lock table events in exclusive mode');
    const request = send(method, `/api/v1/posts/${id}${verb}`, { token, body: null });
    await someoneWaits();
    await request.giveUp();
    await other.end();
    await nobodyWorks();
    expect(
      await api.sql(
        'select count(*)::int as posts, count(deleted_at)::int as deleted, count(scheduled_at)::int as scheduled from posts where organization_id = (select organization_id from posts where id = $1)',
        [id],
      ),
    ).toEqual([{ posts: 1, deleted: 0, scheduled: 0 }]);
  });

  test('a request whose client waits is carried out as ever', async () => {
    const { id, token, contentOf } = await draft();
    await using other = await transaction();
    await other.sql('select 1 from posts where id = $1 for update', [id]);
    const editing = api.call('PUT', `/api/v1/posts/${id}`, { token, body: { content: 'Waited' } });
    await someoneWaits();
    await other.end();
    expect((await editing).status).toBe(200);
    expect(await contentOf()).toBe('Waited');
  });
});

test('a frozen process that wakes does not overwrite a newer edit', async () => {
  const { id, token, contentOf } = await draft();
  await using frozen = await spawnApp({ app: 'api', env: { ...api.env, PORT: '0' } });
  const edit = (port: number, content: string) =>
    fetch(`http://127.0.0.1:${port}/api/v1/posts/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ content }),
      signal: AbortSignal.timeout(1_000),
    });
  expect((await edit(frozen.port, 'Before')).status).toBe(200);
  frozen.kill('SIGSTOP');
  await expect(edit(frozen.port, 'Stale')).rejects.toMatchObject({ name: 'TimeoutError' });
  const newer = await api.call('PUT', `/api/v1/posts/${id}`, { token, body: { content: 'Newer' } });
  expect(newer.status).toBe(200);
  frozen.kill('SIGCONT');
  await waitFor(async () => (await fetch(`http://127.0.0.1:${frozen.port}/health`)).ok, { describe: 'it to be awake' });
  await waitFor(() => frozen.output().includes('"PUT"') || frozen.output().includes('request'), {
    describe: 'it to have seen the request',
  });
  await nobodyWorks();
  expect(await contentOf()).toBe('Newer');
});

test('a client that closes its side of the connection is gone, too', async () => {
  const { id, token, contentOf } = await draft();
  await using other = await transaction();
  await other.sql('select 1 from posts where id = $1 for update', [id]);
  const { port = 0 } = api.replicas[0] ?? {};
  const socket = connect(port, '127.0.0.1');
  const body = JSON.stringify({ content: 'Half closed' });
  socket.write(
    `PUT /api/v1/posts/${id} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.on('error', () => undefined).resume();
  await someoneWaits();
  socket.end();
  await other.end();
  await nobodyWorks();
  expect(await contentOf()).toBe('First');
});
