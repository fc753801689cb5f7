import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';
import { addEvent, addPost, notify, type TestPost } from './test-posts.ts';
import { connectSocket, openSocket, ticketFor } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

async function newOrganization() {
  const { accessToken: token, organization, user } = await api.register();
  return { token, organizationId: organization.id, userId: user.id };
}

const course = ['publication.scheduled', 'publication.claimed', 'publication.sent', 'publication.published'];

/** Everything that happens to some posts, interleaved as publishers do it. */
async function publish(organizationId: string, posts: readonly TestPost[]): Promise<void> {
  for (const type of course) for (const post of posts) await addEvent(api, organizationId, post, type);
  await notify(api);
}

describe('hello', () => {
  test('is the first frame, and a client that resumes from it before any event came misses nothing', async () => {
    const { token, organizationId } = await newOrganization();
    let since: string;
    {
      await using first = await openSocket(api, token);
      const [hello] = first.received;
      if (hello?.type !== 'hello') throw new Error(`the first frame is ${JSON.stringify(hello)}`);
      since = hello.data.position;
    }
    const post = await addPost(api, organizationId);
    await addEvent(api, organizationId, post, 'post.created');
    await using second = await openSocket(api, token, { since, replica: 1 });
    await second.next('post-created');
    expect(second.of('resync')).toEqual([]);
    expect(second.of('hello')).toEqual([{ type: 'hello', data: { position: since } }]);
  });

  test("has the organization's last event where there is one, and what follows comes", async () => {
    const { token, organizationId } = await newOrganization();
    const post = await addPost(api, organizationId);
    await addEvent(api, organizationId, post, 'post.created');
    await using first = await openSocket(api, token);
    await first.next('post-created');
    const created = await waitFor(
      async () => {
        await using late = await openSocket(api, token);
        const position = late.of('hello')[0]?.data.position;
        return position?.includes('-') === true ? position : undefined;
      },
      { describe: 'a connection behind the event' },
    );
    expect(created).toMatch(/^\d+-\d+$/);
    await using resumed = await openSocket(api, token, { since: created });
    await addEvent(api, organizationId, post);
    await notify(api);
    await resumed.next('post-status-update');
    expect(resumed.of('post-created')).toEqual([]);
    expect(first.of('resync')).toEqual([]);
  });

  test('that comes with a resync has a position to go on from', async () => {
    const { token, organizationId } = await newOrganization();
    const post = await addPost(api, organizationId);
    await using lost = await openSocket(api, token, { since: '1-1' });
    await lost.next('resync');
    expect(lost.received.slice(0, 2).map(({ type }) => type)).toEqual(['hello', 'resync']);
    await addEvent(api, organizationId, post, 'post.created');
    await using resumed = await openSocket(api, token, { since: lost.of('hello')[0]?.data.position });
    await resumed.next('post-created');
    expect(resumed.of('resync')).toEqual([]);
  });

  test('comes before answers to what the client sent at once', async () => {
    const { token } = await newOrganization();
    await using socket = await connectSocket(api, { ticket: await ticketFor(api, token) });
    for (let turn = 0; turn < 70; turn += 1) socket.socket.send(JSON.stringify({ type: 'ping', ref: `${turn}` }));
    await waitFor(() => socket.received.length > 70, { describe: 'the answers' });
    expect(socket.received[0]?.type).toBe('hello');
  });
});

describe('frames', () => {
  test('say what happened: live no two are alike, and replayed a publication comes once, with all that happened to it', async () => {
    const { token, organizationId } = await newOrganization();
    await using live = await openSocket(api, token);
    const posts = [];
    for (let count = 0; count < 4; count += 1) posts.push(await addPost(api, organizationId));
    await publish(organizationId, posts);
    await waitFor(() => live.happened().length === 16, { describe: 'sixteen events' });
    const told = live.of('post-status-update').map(({ data }) => JSON.stringify(data));
    expect(new Set(told).size).toBe(16);
    const [first] = live.of('post-status-update');
    expect(first?.data).toMatchObject({
      postId: posts[0]?.postId,
      status: 'scheduled',
      publication: { id: posts[0]?.publicationId },
      events: [{ type: 'publication.scheduled', publicationId: posts[0]?.publicationId, message: 'test', data: {} }],
    });

    await using replayed = await openSocket(api, token, { since: live.of('hello')[0]?.data.position });
    await waitFor(() => replayed.happened().length === 16, { describe: 'what was missed' });
    const frames = replayed.of('post-status-update');
    expect(frames.map(({ data }) => data.postId)).toEqual(posts.map(({ postId }) => postId));
    for (const { data } of frames) expect(data.events.map(({ type }) => type)).toEqual(course);
    expect(replayed.happened().toSorted()).toEqual(live.happened().toSorted());

    // Resumed after any of the frames, the rest comes: nothing is missing and nothing comes twice.
    for (const [index, { id }] of frames.entries()) {
      await using rest = await openSocket(api, token, { since: id });
      await addEvent(api, organizationId, posts[0] ?? (await addPost(api, organizationId)));
      await notify(api);
      await waitFor(() => rest.happened().length >= 16 - 4 * (index + 1) + index + 1, { describe: 'the rest' });
      const before = frames.slice(0, index + 1).flatMap(({ data }) => data.events.map((event) => event.id));
      expect(rest.happened().filter((event) => before.includes(event))).toEqual([]);
    }
  });

  test('are those of the timeline, under the same ids', async () => {
    const { token, organizationId } = await newOrganization();
    await using live = await openSocket(api, token);
    const post = await addPost(api, organizationId);
    await publish(organizationId, [post]);
    await waitFor(() => live.happened().length === 4, { describe: 'four events' });
    const timeline = await api.call('GET', `/api/v1/posts/${post.postId}/timeline`, { token });
    expect(live.of('post-status-update').flatMap(({ data }) => data.events)).toEqual(timeline.json['items']);
  });

  test('of numbers come to those who subscribed to them: all, or those of one post', async () => {
    const { token, organizationId } = await newOrganization();
    const [one, other] = [await addPost(api, organizationId), await addPost(api, organizationId)];
    await using all = await openSocket(api, token);
    await using some = await openSocket(api, token, { replica: 1 });
    await using none = await openSocket(api, token);
    expect(await all.ask('subscribe-analytics-updates')).toMatchObject({ type: 'ack' });
    expect(await some.ask('subscribe-analytics-updates', { postId: one.postId })).toMatchObject({ type: 'ack' });
    expect(await none.ask('subscribe-analytics-updates', { postId: 'pst_none' })).toMatchObject({ type: 'error' });
    for (const { postId, accountId } of [other, one])
      await api.sql(
        `insert into events (organization_id, type, message, data) values ($1, 'analytics.updated', 'Read.', jsonb_build_object('postId', $2::text, 'accountId', $3::text))`,
        [organizationId, postId, accountId],
      );
    await notify(api);
    await waitFor(() => all.of('analytics-update').length === 2, { describe: 'both numbers' });
    await some.next('analytics-update');
    expect(some.of('analytics-update').map(({ data }) => data.postId)).toEqual([one.postId]);
    await none.ask('ping');
    expect(none.of('analytics-update')).toEqual([]);
  });

  test('of the organization end when its room is left; those of a subscribed post go on', async () => {
    const { token, organizationId } = await newOrganization();
    const [one, other] = [await addPost(api, organizationId), await addPost(api, organizationId)];
    await using socket = await openSocket(api, token);
    await socket.ask('subscribe-post-updates', { postId: one.postId });
    await socket.ask('leave-room', { room: organizationId });
    await addEvent(api, organizationId, other);
    await addEvent(api, organizationId, one);
    await notify(api);
    await socket.next('post-status-update');
    expect(socket.of('post-status-update').map(({ data }) => data.postId)).toEqual([one.postId]);
    await socket.ask('unsubscribe-post-updates', { postId: one.postId });
    await socket.ask('join-room', { room: organizationId });
    await addEvent(api, organizationId, other);
    await notify(api);
    await socket.next('post-status-update', ({ data }) => data.postId === other.postId);
  });
});

describe('refusals', () => {
  test('carry the ref of what they refuse, also in a flood', async () => {
    const { token } = await newOrganization();
    await using socket = await openSocket(api, token);
    for (let turn = 0; turn < 200; turn += 1) socket.socket.send(JSON.stringify({ type: 'ping', ref: `flood${turn}` }));
    await waitFor(() => socket.of('error').length > 0, { describe: 'a refusal' });
    const [refusal] = socket.of('error');
    expect(refusal).toMatchObject({ ref: expect.stringMatching(/^flood\d+$/), data: { code: 'rate_limited' } });
  });

  test('come for what does not exist, and leaving it is always possible', async () => {
    const { token, organizationId } = await newOrganization();
    const post = await addPost(api, organizationId);
    await using socket = await openSocket(api, token);
    for (const [type, data] of [
      ['subscribe-post-updates', { postId: 'pst_none' }],
      ['subscribe-post-updates', { room: organizationId }],
      ['subscribe-post-updates', {}],
      ['subscribe-analytics-updates', { postId: 'pst_none' }],
      ['subscribe-analytics-updates', { room: 'org_other' }],
      ['typing-start', { postId: 'pst_none' }],
      ['join-room', { room: 'presence' }],
      ['join-room', { room: 'analytics' }],
    ] as const)
      expect([type, data, (await socket.ask(type, data)).type]).toEqual([type, data, 'error']);
    await socket.ask('subscribe-post-updates', { postId: post.postId });
    await api.sql('update posts set deleted_at = now() where id = $1', [post.postId]);
    expect(await socket.ask('unsubscribe-post-updates', { postId: post.postId })).toMatchObject({ type: 'ack' });
  });
});
