import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { api, signUp, postOf, inMinutes } from './test-posts.ts';

describe('the life of a post over HTTP', () => {
  test('create, read, edit, list, cancel and delete answer as documented', async () => {
    const { call, create, accountId } = await signUp();
    const { post, etag } = await create({ scheduledAt: inMinutes(60) });
    expect(etag).toBe('"1"');
    const read = await call('GET', `/posts/${post.id}`);
    expect([read.status, read.headers.get('etag'), read.json]).toEqual([200, etag, post]);

    const edited = await call('PUT', `/posts/${post.id}`, { body: { content: 'New' }, headers: { 'if-match': etag } });
    expect([edited.status, edited.headers.get('etag'), postOf(edited).content]).toEqual([200, '"2"', 'New']);
    const listed = await call('GET', `/posts?status=scheduled&accountId=${accountId}&platform=x&from=${inMinutes(0)}`);
    expect(listed.json).toEqual({ items: [postOf(edited)], nextCursor: null });
    expect(
      (await call('POST', '/posts/validate', { body: { content: 'Hi', accountIds: [accountId] } })).json,
    ).toMatchObject({ valid: true });
    expect((await call('GET', '/posts/scheduler/stats')).json).toMatchObject({
      scheduled: 1,
      latenessMs: { p50: null },
    });

    const canceled = await call('POST', `/posts/${post.id}/cancel`);
    expect([canceled.status, postOf(canceled).status]).toEqual([200, 'canceled']);
    expect(await call('POST', `/posts/${post.id}/cancel`)).toMatchObject({
      status: 409,
      json: { code: 'nothing_to_stop' },
    });
    expect(await call('POST', `/posts/${post.id}/retry`)).toMatchObject({
      status: 409,
      json: { code: 'nothing_to_retry' },
    });
    const copy = await call('POST', `/posts/${post.id}/duplicate`);
    expect([copy.status, postOf(copy).status, copy.headers.get('etag')]).toEqual([201, 'draft', '"1"']);
    expect(await call('POST', `/posts/${postOf(copy).id}/publish`)).toMatchObject({
      status: 202,
      json: { status: 'scheduled' },
    });

    const timeline = await call('GET', `/posts/${post.id}/timeline`);
    const { items } = timeline.json as unknown as { items: { type: string }[] };
    expect(items.map(({ type }) => type)).toEqual([
      'post.created',
      'publication.scheduled',
      'post.edited',
      'publication.canceled',
    ]);
    const first = await call('GET', `/posts/${post.id}/timeline?limit=1`);
    expect(await call('GET', `/posts/${post.id}/timeline?cursor=${String(first.json['nextCursor'])}`)).toMatchObject({
      json: { items: items.slice(1) },
    });
    expect(await call('DELETE', `/posts/${post.id}`)).toMatchObject({ status: 204, text: '' });
    expect(await call('GET', `/posts/${post.id}`)).toMatchObject({ status: 404 });
  });

  test('a stale or foreign ETag changes nothing', async () => {
    const { call, create } = await signUp();
    const { post } = await create();
    for (const tag of ['"2"', 'W/"1"', '"x"', '""']) {
      const headers = { 'if-match': tag };
      expect(await call('PUT', `/posts/${post.id}`, { body: { content: 'New' }, headers })).toMatchObject({
        status: 412,
      });
      expect(await call('DELETE', `/posts/${post.id}`, { headers })).toMatchObject({ status: 412 });
    }
    expect((await call('GET', `/posts/${post.id}`)).json).toEqual(post);
    expect(await call('PUT', `/posts/${post.id}`, { body: {}, headers: { 'if-match': '*' } })).toMatchObject({
      status: 200,
    });
  });

  test('the same Idempotency-Key makes one post and one copy, with the same answer and ETag', async () => {
    const { call, create, accountId, organizationId } = await signUp();
    const { post } = await create();
    for (const [path, body] of [
      ['/posts', { content: 'Once', accountIds: [accountId] }],
      [`/posts/${post.id}/duplicate`, undefined],
    ] as const) {
      const options = { ...(body === undefined ? {} : { body }), headers: { 'idempotency-key': randomUUID() } };
      const first = await call('POST', path, options);
      const again = await call('POST', path, options);
      expect([again.status, again.json, again.headers.get('etag')]).toEqual([201, first.json, '"1"']);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await api.sql('select 1 from posts where organization_id = $1', [organizationId])).toHaveLength(3);
  });

  test('a settled publication is answered as it now stands', async () => {
    const { call, create } = await signUp();
    const { post } = await create({ scheduledAt: inMinutes(60) });
    const id = post.publications[0]?.id;
    const body = { outcome: 'published', platformPostId: '1', url: 'https://x.example/1' };
    expect(await call('POST', `/publications/${id}/resolve`, { body })).toMatchObject({
      status: 409,
      json: { code: 'conflict' },
    });
    await api.sql(`update publications set status = 'unconfirmed', intent_at = now(), due_at = null where id = $1`, [
      id,
    ]);
    expect(await call('POST', `/publications/${id}/resolve`, { body })).toMatchObject({
      status: 200,
      json: { id, status: 'published' },
    });
  });
});
