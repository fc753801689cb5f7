import type { AuthenticatedActor } from '@vibetribe/core/identity/authenticated-actor';
import { expect, test } from 'vitest';
import { answerClient } from './answer-client.ts';

const actor: AuthenticatedActor = {
  organizationId: 'org_1',
  userId: 'usr_1',
  role: 'viewer',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: 'user:usr_1',
  credential: { kind: 'session', familyId: 'fam_1' },
};

test('a socket is in 500 rooms at most; one that it is in already can be joined again', async () => {
  const connection = { actor: () => actor, rooms: new Set<string>() };
  const subscribe = (post: number) =>
    answerClient(
      async () => true,
      connection,
      JSON.stringify({ type: 'subscribe-post-updates', data: { postId: `pst_${post}` }, ref: 'r' }),
      () => undefined,
    );
  for (let post = 1; post <= 500; post += 1) expect(await subscribe(post)).toEqual({ type: 'ack', ref: 'r' });
  expect(await subscribe(501)).toMatchObject({ type: 'error', ref: 'r', data: { code: 'quota_exceeded' } });
  expect(await subscribe(500)).toEqual({ type: 'ack', ref: 'r' });
  expect(connection.rooms.size).toBe(500);
});

test.each(['r1', 7, 0])('the ref %j comes back with the answer, a refusal too', async (ref) => {
  const connection = { actor: () => actor, rooms: new Set<string>() };
  const ask = (message: object) =>
    answerClient(
      async () => false,
      connection,
      JSON.stringify({ ...message, ref }),
      () => undefined,
    );
  expect(await ask({ type: 'ping' })).toEqual({ type: 'pong', ref });
  expect(await ask({ type: 'join-room', data: { room: 'post:pst_none' } })).toMatchObject({ type: 'error', ref });
  expect(await ask({ type: 'unheard-of' })).toMatchObject({ type: 'error', ref });
});
