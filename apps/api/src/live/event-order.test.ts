import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';
import { addEvent, addPost, notify } from './test-posts.ts';
import { openSocket } from './test-socket.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { replicas: 2 });
});
afterAll(() => api[Symbol.asyncDispose]());

const eventsEach = 12;

test.each(Array.from({ length: 12 }, (_, exponent) => 10 ** (exponent + 1)))(
  'one transaction whose ids cross %d is told whole and in order: live, in a replay and on resume',
  async (power) => {
    const { accessToken, organization } = await api.register();
    const post = await addPost(api, organization.id);
    await using here = await openSocket(api, accessToken);
    await using there = await openSocket(api, accessToken, { replica: 1 });
    await addEvent(api, organization.id, post, 'post.created');
    await notify(api);
    const since = (await here.nextEvent()).id;

    await api.sql(`alter table events alter column id restart with ${power - eventsEach / 2}`);
    await api.sql(
      `insert into events (organization_id, post_id, publication_id, type, message, data)
       select $1, $2, $3, 'publication.claimed', 'test', jsonb_build_object('n', n) from generate_series(1, $4::int) n`,
      [organization.id, post.postId, post.publicationId, eventsEach],
    );
    await notify(api);
    const rows = await api.sql<{ id: string }>(`select id from events where organization_id = $1 order by events.id`, [
      organization.id,
    ]);
    const wanted = rows.map(({ id }) => id).slice(1);
    expect(wanted.filter((id) => Number(id) < power)).toHaveLength(eventsEach / 2);

    await using resumed = await openSocket(api, accessToken, { since });
    const numberOf = (id: string | undefined) => id?.split('-').at(0);
    const middle = await here.next('post-status-update', ({ id }) => numberOf(id) === String(power - 1));
    await using resumedInside = await openSocket(api, accessToken, { since: middle.id });
    for (const [socket, ids] of [
      [here, [rows[0]?.id, ...wanted]],
      [there, [rows[0]?.id, ...wanted]],
      [resumed, wanted],
      [resumedInside, wanted.slice(eventsEach / 2)],
    ] as const) {
      await waitFor(() => socket.happened().length >= ids.length, { describe: () => `${ids.length} events` });
      expect(socket.happened()).toEqual(ids);
    }
  },
);
