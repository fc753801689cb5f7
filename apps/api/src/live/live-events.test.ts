import { addNotification } from '@vibetribe/db/testing/test-rows';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';
import { addEvent, addPost, eventValues, notify } from './test-posts.ts';
import { openSocket, type TestSocket } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

describe('events', () => {
  test('reach every socket of the organization, on every replica, in order, once, and no other organization', async () => {
    const one = await api.register();
    const other = await api.register();
    await using here = await openSocket(api, one.accessToken);
    await using there = await openSocket(api, one.accessToken, { replica: 1 });
    await using foreign = await openSocket(api, other.accessToken, { replica: 1 });
    const post = await addPost(api, one.organization.id);
    await addEvent(api, one.organization.id, post, 'post.created');
    for (let turn = 0; turn < 20; turn += 1) await addEvent(api, one.organization.id, post);
    await notify(api);
    for (const socket of [here, there]) {
      await waitFor(() => socket.events().length >= 21, { describe: 'the events' });
      const [created, ...updates] = socket.events();
      expect(created).toMatchObject({ type: 'post-created', data: { postId: post.postId, status: 'scheduled' } });
      expect(updates[0]).toMatchObject({
        type: 'post-status-update',
        data: {
          postId: post.postId,
          status: 'scheduled',
          publication: { id: post.publicationId, status: 'scheduled' },
        },
      });
      const ids = socket.events().map(({ id }) => id);
      expect(new Set(ids).size).toBe(21);
    }
    expect(here.events()).toEqual(there.events());
    await foreign.ask('ping');
    expect(foreign.events()).toEqual([]);
  });

  test('come without a notification between processes too', async () => {
    const { accessToken, organization } = await api.register();
    await using socket = await openSocket(api, accessToken);
    await addEvent(api, organization.id, await addPost(api, organization.id), 'post.created');
    await socket.next('post-created');
  });

  test('a notification is told whole', async () => {
    const { accessToken, organization } = await api.register();
    await using socket = await openSocket(api, accessToken);
    const id = await addNotification(api.sql, { organizationId: organization.id });
    await api.sql(
      `insert into events (organization_id, type, message, data) values ($1, 'notification.created', 'Failed', jsonb_build_object('notificationId', $2::text))`,
      [organization.id, id],
    );
    const message = await socket.next('notification');
    expect(message.data).toMatchObject({ id, kind: 'post_failed', title: 'Failed', body: 'Why', readAt: null });
    const read = await api.call('POST', `/api/v1/notifications/${id}/read`, { token: accessToken });
    expect(read.json['readAt']).not.toBeNull();
  });

  test('a notification that somebody has off in the app is not told to them, live or replayed, but to the others', async () => {
    const { accessToken, organization } = await api.register();
    const chosen = { events: { mail_failed: { inApp: 'off' }, publication_asks: { inApp: 'daily' } } };
    await api.call('PUT', '/api/v1/notification-preferences', { token: accessToken, body: chosen });
    const body = { name: 'Bot', scopes: ['read'] };
    const key = String((await api.call('POST', '/api/v1/api-keys', { token: accessToken, body })).json['key']);
    await using own = await openSocket(api, accessToken);
    await using program = await openSocket(api, key);
    const kinds = ['mail_failed', 'publication_asks', 'publication_failed'];
    for (const kind of kinds)
      await api.sql(
        `with n as (insert into notifications (id, organization_id, kind, title, body) values ($1, $2, $3, $3, ''))
         insert into events (organization_id, type, message, data) values ($2, 'notification.created', $3, jsonb_build_object('notificationId', $1::text))`,
        [`ntf_${crypto.randomUUID()}`, organization.id, kind],
      );
    await notify(api);
    const told = async (socket: TestSocket) => {
      await socket.next('notification', ({ data }) => data.kind === 'publication_failed');
      return socket.of('notification').map(({ data }) => data.kind);
    };
    expect(await told(program)).toEqual(kinds);
    expect(await told(own)).toEqual(['publication_failed']);
    const since = own.of('hello')[0]?.data.position;
    await using back = await openSocket(api, accessToken, { since });
    expect(await told(back)).toEqual(['publication_failed']);
  });

  test('a key limited to some accounts hears of those only', async () => {
    const { accessToken, organization } = await api.register();
    const [open, hidden] = [await addPost(api, organization.id), await addPost(api, organization.id)];
    const body = { name: 'Bot', scopes: ['read'], accountIds: [open.accountId] };
    const { json } = await api.call('POST', '/api/v1/api-keys', { token: accessToken, body });
    await using socket = await openSocket(api, String(json['key']));
    await addEvent(api, organization.id, hidden);
    await addEvent(api, organization.id, open);
    await notify(api);
    await socket.next('post-status-update', ({ data }) => data.postId === open.postId);
    expect(socket.events()).toHaveLength(1);
    expect(await socket.ask('subscribe-post-updates', { postId: hidden.postId })).toMatchObject({ type: 'error' });
  });

  test('of a transaction that commits late are neither lost nor told out of order', async () => {
    const { accessToken, organization } = await api.register();
    const post = await addPost(api, organization.id);
    await using socket = await openSocket(api, accessToken);
    {
      await using late = await api.transaction();
      await late.sql(...eventValues(organization.id, post, 'publication.sent'));
      await addEvent(api, organization.id, post, 'publication.published');
      await notify(api);
      // Committed, and yet not told: what is still being written belongs before it.
      await socket.ask('ping');
      expect(socket.events()).toEqual([]);
      await late.sql('commit');
    }
    await waitFor(() => socket.events().length === 2, { describe: 'both events' });
    const ids = socket.events().map(({ id }) => Number(id?.split('-')[0]));
    expect(ids).toEqual(ids.toSorted((one, two) => one - two));
  });
});

describe('resuming', () => {
  test('replays what was missed, then goes live, without gap or repetition, while events keep coming', async () => {
    const { accessToken, organization } = await api.register();
    const post = await addPost(api, organization.id);
    let since: string | undefined;
    {
      await using before = await openSocket(api, accessToken);
      await addEvent(api, organization.id, post);
      await notify(api);
      since = (await before.nextEvent()).id;
    }
    let isWriting = true;
    const written = (async () => {
      let count = 0;
      for (; isWriting && count < 5_000; count += 1) {
        await addEvent(api, organization.id, post);
        if (count % 10 === 0) await notify(api);
      }
      return count;
    })();
    await waitFor(
      async () =>
        ((
          await api.sql<{ n: number }>('select count(*)::int as n from events where organization_id = $1', [
            organization.id,
          ])
        )[0]?.n ?? 0) > 300,
      { describe: 'missed events' },
    );
    await using here = await openSocket(api, accessToken, { since });
    await using there = await openSocket(api, accessToken, { since, replica: 1 });
    await waitFor(() => here.happened().length > 600 && there.happened().length > 600, {
      describe: 'events after the replay',
      timeoutMs: 20_000,
    });
    isWriting = false;
    const count = await written;
    await notify(api);
    const rows = await api.sql<{ id: string }>('select id from events where organization_id = $1 order by events.id', [
      organization.id,
    ]);
    const wanted = rows.map(({ id }) => id).slice(1);
    expect(wanted).toHaveLength(count);
    for (const socket of [here, there]) {
      await waitFor(() => socket.happened().length >= count, { describe: 'all events' });
      expect(socket.happened()).toEqual(wanted);
      // What was missed was told in fewer messages than things had happened; each of them can be resumed from.
      expect(socket.events().length).toBeLessThan(count);
      expect(new Set(socket.events().map(({ id }) => id)).size).toBe(socket.events().length);
    }
  });

  test.each(['garbage', '1-1', '99999999-99999999', '99999999'])(
    'from %s, which the log does not have, starts anew: resync',
    async (since) => {
      const { accessToken, organization } = await api.register();
      await using socket = await openSocket(api, accessToken, { since });
      await socket.next('resync');
      await addEvent(api, organization.id, await addPost(api, organization.id), 'post.created');
      await socket.next('post-created');
    },
  );

  test('from before a hole that the clean-up has made starts anew, though the event itself is still there', async () => {
    const { accessToken, organization } = await api.register();
    const post = await addPost(api, organization.id);
    await using before = await openSocket(api, accessToken);
    await addEvent(api, organization.id, post, 'post.created');
    await notify(api);
    const { id: since } = await before.nextEvent();
    await addEvent(api, organization.id, post);
    await api.sql('update event_log set cleaned_to = (select max(id) from events)');
    await using socket = await openSocket(api, accessToken, { since });
    await socket.next('resync');
    expect(socket.events()).toEqual([]);
    await api.sql('update event_log set cleaned_to = 0');
  });

  test("from another organization's event tells nothing but resync", async () => {
    const one = await api.register();
    const other = await api.register();
    await addEvent(api, one.organization.id, await addPost(api, one.organization.id));
    const [row] = await api.sql<{ cursor: string }>(
      `select id || '-' || extract(microseconds from at)::int as cursor from events where organization_id = $1`,
      [one.organization.id],
    );
    await using socket = await openSocket(api, other.accessToken, { since: row?.cursor });
    await socket.next('resync');
  });
});
