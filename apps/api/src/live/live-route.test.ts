import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApi, testPassword, type TestApi } from '../test-api.ts';
import { addEvent, addPost, notify } from './test-posts.ts';
import { connectSocket, openSocket, ticketFor } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

describe('connecting', () => {
  test('a ticket works once', async () => {
    const { accessToken } = await api.register();
    const ticket = await ticketFor(api, accessToken);
    await using first = await connectSocket(api, { ticket });
    expect(await first.ask('ping')).toMatchObject({ type: 'pong' });
    await using second = await connectSocket(api, { ticket, replica: 1 });
    expect((await second.closed).code).toBe(4401);
  });

  test.each(['', 'vtt_unknown', 'x'.repeat(5_000)])('the bad ticket %# is accepted and closed 4401', async (ticket) => {
    await using socket = await connectSocket(api, { ticket });
    expect((await socket.closed).code).toBe(4401);
  });

  test('an expired ticket, or one whose session has ended, is closed 4401', async () => {
    const { accessToken, user } = await api.register();
    const expired = await ticketFor(api, accessToken);
    await api.sql(`update live_tickets set expires_at = now() - interval '1 second' where user_id = $1`, [user.id]);
    await using first = await connectSocket(api, { ticket: expired });
    expect((await first.closed).code).toBe(4401);
    const orphaned = await ticketFor(api, accessToken);
    await api.call('POST', '/api/v1/auth/logout', { token: accessToken });
    await using second = await connectSocket(api, { ticket: orphaned });
    expect((await second.closed).code).toBe(4401);
  });

  test('the ticket stands in no log, even where the path is a wrong one', async () => {
    const { accessToken } = await api.register();
    const ticket = await ticketFor(api, accessToken);
    const wrong = new WebSocket(`${(api.replicas[0]?.url ?? '').replace('http', 'ws')}/health?ticket=${ticket}`);
    const status = await new Promise((resolve) => {
      wrong.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      wrong.on('error', (error) => resolve(error.message));
    });
    expect(status).toBe(404);
    await using _ = await connectSocket(api, { ticket });
    expect(api.logged()).not.toContain(ticket);
  });

  test('what happens from the moment the client sees the socket open is heard, though the ticket is still being checked', async () => {
    const user = await api.register();
    for (let round = 0; round < 12; round += 1) {
      const ticket = await ticketFor(api, user.accessToken);
      const post = await addPost(api, user.organization.id);
      await using socket = await connectSocket(api, { ticket, replica: round % 2 });
      await addEvent(api, user.organization.id, post, 'post.created');
      await notify(api);
      await socket.next('post-created', ({ data }) => data.postId === post.postId);
    }
  });

  test('a plain request to it is told what to do', async () => {
    const { status, json } = await api.call('GET', '/api/v1/ws?ticket=x');
    expect([status, json['code']]).toEqual([400, 'malformed_request']);
  });

  test("signing out closes the session's sockets on every replica, and nobody else's", async () => {
    const user = await api.register();
    await using here = await openSocket(api, user.accessToken);
    await using there = await openSocket(api, user.accessToken, { replica: 1 });
    const second = await api.call('POST', '/api/v1/auth/login', {
      body: { email: user.email, password: testPassword },
    });
    await using other = await openSocket(api, String(second.json['accessToken']), { replica: 1 });
    await api.call('POST', '/api/v1/auth/logout', { token: user.accessToken });
    expect((await here.closed).code).toBe(4401);
    expect((await there.closed).code).toBe(4401);
    expect(await other.ask('ping')).toMatchObject({ type: 'pong' });
  });

  test('revoking an API key closes its sockets', async () => {
    const { accessToken } = await api.register();
    const { json } = await api.call('POST', '/api/v1/api-keys', {
      token: accessToken,
      body: { name: 'Bot', scopes: ['read'] },
    });
    await using socket = await openSocket(api, String(json['key']), { replica: 1 });
    await api.call('DELETE', `/api/v1/api-keys/${String(json['id'])}`, { token: accessToken });
    expect((await socket.closed).code).toBe(4401);
  });

  test('a replica that stops closes its sockets 1001', async () => {
    const going = await startTestApi(inject('postgresUrl'));
    const { accessToken } = await going.register();
    await using socket = await openSocket(going, accessToken);
    await going[Symbol.asyncDispose]();
    expect((await socket.closed).code).toBe(1001);
  });

  test('a message over 64 KiB ends the connection', async () => {
    const { accessToken } = await api.register();
    await using socket = await openSocket(api, accessToken);
    socket.socket.send('x'.repeat(65 * 1024));
    expect((await socket.closed).code).toBe(1009);
  });
});

describe('messages of clients', () => {
  test('each is acknowledged or refused under its ref', async () => {
    const { accessToken, organization } = await api.register();
    const { postId } = await addPost(api, organization.id);
    await using socket = await openSocket(api, accessToken);
    const asked: [string, Record<string, unknown>][] = [
      ['join-room', { room: organization.id }],
      ['join-room', { room: `post:${postId}` }],
      ['leave-room', { room: organization.id }],
      ['subscribe-post-updates', { postId }],
      ['unsubscribe-post-updates', { postId }],
      ['subscribe-analytics-updates', {}],
      ['unsubscribe-analytics-updates', {}],
      ['typing-start', { postId }],
      ['typing-stop', { postId }],
    ];
    for (const [type, data] of asked) expect([type, (await socket.ask(type, data)).type]).toEqual([type, 'ack']);
    expect(await socket.ask('dance')).toMatchObject({ type: 'error', data: { code: 'validation_failed' } });
    expect(await socket.ask('join-room', { room: 7 })).toMatchObject({ type: 'error' });
    expect(await socket.ask('join-room')).toMatchObject({ type: 'error' });
    for (const text of ['{broken', '[]', 'null', '"x"']) socket.socket.send(text);
    socket.socket.send(Buffer.from([1, 2]));
    await waitFor(() => socket.of('error').filter(({ ref }) => ref === undefined).length === 5, {
      describe: 'the refusals',
    });
  });

  test('rooms and posts of other organizations are as unknown as those that do not exist', async () => {
    const one = await api.register();
    const other = await api.register();
    const { postId } = await addPost(api, other.organization.id);
    await using socket = await openSocket(api, one.accessToken);
    for (const data of [{ postId }, { postId: 'pst_none' }, { postId: 'a\0b' }]) {
      expect(await socket.ask('subscribe-post-updates', data)).toMatchObject({
        type: 'error',
        data: { code: 'not_found' },
      });
    }
    for (const room of [other.organization.id, `organization:${other.organization.id}`, `post:${postId}`, '*']) {
      expect(await socket.ask('join-room', { room })).toMatchObject({ type: 'error', data: { code: 'not_found' } });
    }
  });

  test('typing is heard by those in the room, on every replica, and by nobody else', async () => {
    const one = await api.register();
    const other = await api.register();
    const { postId } = await addPost(api, one.organization.id);
    await using typist = await openSocket(api, one.accessToken);
    await using reader = await openSocket(api, one.accessToken, { replica: 1 });
    await using elsewhere = await openSocket(api, one.accessToken);
    await using foreign = await openSocket(api, other.accessToken);
    await reader.ask('subscribe-post-updates', { postId });
    await typist.ask('subscribe-post-updates', { postId });
    await typist.ask('typing-start', { postId });
    const heard = await reader.next('user-typing');
    expect(heard.data).toMatchObject({ userId: one.user.id, postId });
    await typist.ask('typing-stop', { postId });
    await reader.next('user-stopped-typing');
    for (const socket of [typist, elsewhere, foreign]) {
      await socket.ask('ping');
      expect(socket.received.filter(({ type }) => type === 'user-typing')).toEqual([]);
    }
  });

  test('who comes and goes is told to the organization, on every replica, and to nobody else', async () => {
    const one = await api.register();
    const other = await api.register();
    await using watcher = await openSocket(api, one.accessToken);
    await using foreign = await openSocket(api, other.accessToken);
    const visitor = await openSocket(api, one.accessToken, { replica: 1 });
    const connected = await watcher.next('user-connected');
    expect(connected.data).toMatchObject({ userId: one.user.id });
    await visitor[Symbol.asyncDispose]();
    const gone = await watcher.next('user-disconnected');
    expect(gone.data).toEqual(connected.data);
    await foreign.ask('ping');
    expect(foreign.received.filter(({ type }) => type.startsWith('user-'))).toEqual([]);
  });

  test('a flood is refused, and does not end the connection', async () => {
    const { accessToken } = await api.register();
    await using socket = await openSocket(api, accessToken);
    for (let turn = 0; turn < 200; turn += 1) socket.socket.send(JSON.stringify({ type: 'ping', ref: `flood${turn}` }));
    await waitFor(() => socket.received.length >= 200, { describe: 'an answer to each' });
    const pongs = socket.received.filter(({ type }) => type === 'pong').length;
    expect(pongs).toBeGreaterThanOrEqual(59);
    expect(pongs).toBeLessThan(120);
  });
});
