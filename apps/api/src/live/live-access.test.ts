import { newId } from '@vibetribe/db/new-id';
import { addMembership } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';
import { addEvent, addPost, notify } from './test-posts.ts';
import { openSocket, connectSocket, ticketFor } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), {
    replicas: 2,
    env: { REDIRECT_ORIGINS: 'https://app.example, http://localhost:5173' },
  });
});
afterAll(() => api[Symbol.asyncDispose]());

/** What an announcement of a changed membership does, from another process. */
async function announceMember(organizationId: string, userId: string): Promise<void> {
  await api.sql(`select pg_notify('vibetribe_sessions', $1)`, [
    JSON.stringify({ kind: 'member', organizationId, userId }),
  ]);
}

describe('the origin of a page', () => {
  test.each(['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example', 'garbage'])(
    '%s is closed 4403, and its ticket stays good',
    async (origin) => {
      const { accessToken } = await api.register();
      const ticket = await ticketFor(api, accessToken);
      await using refused = await connectSocket(api, { ticket, origin });
      expect((await refused.closed).code).toBe(4403);
      expect(refused.received).toEqual([]);
      await using taken = await connectSocket(api, { ticket });
      await taken.next('hello');
    },
  );

  test('is good where it is listed or the own one', async () => {
    const { accessToken } = await api.register();
    for (const origin of ['https://app.example', 'http://localhost:5173', api.replicas[0]?.url ?? '']) {
      await using socket = await openSocket(api, accessToken, { origin });
      expect(socket.of('hello')).toHaveLength(1);
    }
  });
});

describe('rights that change while a socket is open', () => {
  test('a membership that ends closes the sockets of that organization at once, on every replica, and no others', async () => {
    const one = await api.register();
    const other = await api.register();
    await addMembership(api.sql, { organizationId: other.organization.id, userId: one.user.id, role: 'owner' });
    await using here = await openSocket(api, one.accessToken);
    await using there = await openSocket(api, one.accessToken, { replica: 1 });
    const switched = await api.call('POST', '/api/v1/auth/switch', {
      token: one.accessToken,
      body: { organizationId: other.organization.id },
    });
    await using elsewhere = await openSocket(api, String(switched.json['accessToken']));
    await api.sql('delete from memberships where organization_id = $1 and user_id = $2', [
      one.organization.id,
      one.user.id,
    ]);
    await announceMember(one.organization.id, one.user.id);
    expect((await here.closed).code).toBe(4401);
    expect((await there.closed).code).toBe(4401);
    expect(await elsewhere.ask('ping')).toMatchObject({ type: 'pong' });
  });

  test('one that was announced to nobody closes them within seconds too', async () => {
    const { accessToken, organization, user } = await api.register();
    await using socket = await openSocket(api, accessToken);
    await api.sql('delete from memberships where organization_id = $1 and user_id = $2', [organization.id, user.id]);
    const closed = waitFor(() => socket.socket.readyState === socket.socket.CLOSED, {
      describe: 'the end of the socket',
      timeoutMs: 15_000,
    });
    await closed;
    expect((await socket.closed).code).toBe(4401);
  });

  test('the accounts of a key are taken over as they are now', async () => {
    const { accessToken, organization } = await api.register();
    const [one, other] = [await addPost(api, organization.id), await addPost(api, organization.id)];
    const body = { name: 'Bot', scopes: ['read'], accountIds: [one.accountId] };
    const { json } = await api.call('POST', '/api/v1/api-keys', { token: accessToken, body });
    await using socket = await openSocket(api, String(json['key']));
    await api.sql('update api_keys set account_ids = $2 where id = $1', [json['id'], [other.accountId]]);
    await waitFor(async () => (await socket.ask('subscribe-post-updates', { postId: other.postId })).type === 'ack', {
      describe: 'the key as it is now',
      timeoutMs: 15_000,
      intervalMs: 200,
    });
    await addEvent(api, organization.id, one);
    await addEvent(api, organization.id, other);
    await notify(api);
    await socket.next('post-status-update');
    expect(socket.of('post-status-update').map(({ data }) => data.postId)).toEqual([other.postId]);
  });
});

test('a key that is limited to some accounts hears of the notifications that it can list', async () => {
  const { accessToken, organization } = await api.register();
  const [own, other] = [await addPost(api, organization.id), await addPost(api, organization.id)];
  const body = { name: 'Bot', scopes: ['read'], accountIds: [own.accountId] };
  const { json } = await api.call('POST', '/api/v1/api-keys', { token: accessToken, body });
  await using limited = await openSocket(api, String(json['key']));
  await using member = await openSocket(api, accessToken);
  for (const data of [{}, { accountId: other.accountId }, { accountId: own.accountId }])
    await api.sql(
      `with n as (insert into notifications (id, organization_id, kind, title, body, data)
         values ($1, $2, 'mail_failed', 'Told', '', $3) returning id)
       insert into events (organization_id, type, message, data)
       select $2, 'notification.created', 'Told', jsonb_build_object('notificationId', id) from n`,
      [newId('notification'), organization.id, JSON.stringify(data)],
    );
  await notify(api);
  await waitFor(() => member.of('notification').length === 3, { describe: 'all three' });
  await limited.next('notification');
  const listed = await api.call('GET', '/api/v1/notifications', { token: String(json['key']) });
  expect(limited.of('notification').map(({ data }) => data.id)).toEqual(
    (listed.json['items'] as { id: string }[]).map(({ id }) => id),
  );
});

describe('who is there', () => {
  test('is told to a newcomer, whichever replica they come to; one that stops leaves no ghosts', async () => {
    const { accessToken, user } = await api.register();
    await using early = await openSocket(api, accessToken);
    await using late = await openSocket(api, accessToken, { replica: 1 });
    const told = await late.next('user-connected');
    const heard = await early.next('user-connected');
    expect(told.data.userId).toBe(user.id);
    expect(told.data.connectionId).not.toBe(heard.data.connectionId);
    await using third = await openSocket(api, accessToken, { replica: 1 });
    await waitFor(() => third.of('user-connected').length === 2, { describe: 'the two who are there' });
  });
});
