import { randomInt } from 'node:crypto';
import { startTestApi, type TestApi } from '@vibetribe/api/test-api';
import { addEvent, addPost, notify } from '@vibetribe/api/live/test-posts';
import {
  createClient,
  ProblemError,
  repeatable,
  type Client,
  type LiveConnection,
  type LiveMessage,
  type LiveState,
} from '@vibetribe/client/source';
import { ServerMessage } from '@vibetribe/contracts/live-message';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

let api: TestApi;
let url: string;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
  url = api.replicas[0]?.url ?? '';
});
afterAll(() => api[Symbol.asyncDispose]());

/** Sockets that a test can cut as a network does: no closing is told to anybody. */
function cuttableSockets() {
  const opened: WebSocket[] = [];
  class Cuttable extends WebSocket {
    constructor(address: string) {
      super(address);
      opened.push(this);
    }
  }
  return { WebSocket: Cuttable, cut: () => opened.at(-1)?.terminate() };
}

async function signUp(): Promise<{
  client: Client;
  organizationId: string;
  tokens: { accessToken: string; refreshToken: string };
}> {
  const signedIn = await api.register();
  const client = createClient({ url, tokens: signedIn, WebSocket });
  return { client, organizationId: signedIn.organization.id, tokens: signedIn };
}

describe('HTTP', () => {
  test('a refusal is a ProblemError that names its code and fields, and a lost credential too', async () => {
    const { client } = await signUp();
    const refused = await client
      .post('/posts', { body: { content: 'x', accountIds: [] } })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({ status: 422, code: 'validation_failed', errors: [{ path: 'accountIds' }] });
    const unknown = createClient({ url, apiKey: 'vtk_unknown' }).get('/auth/me');
    await expect(unknown).rejects.toMatchObject({ name: 'ProblemError', status: 401, code: 'unauthenticated' });
    expect(
      await client
        .delete('/auth/sessions/{id}', { params: { path: { id: 'fam_none' } } })
        .catch((error: ProblemError) => error.code),
    ).toBe('not_found');
  });

  test('an API key works, and an expired access token is renewed once for all requests that found it expired', async () => {
    const { client, tokens } = await signUp();
    const { key } = await client.post('/api-keys', { body: { name: 'client', scopes: ['read'] } });
    expect((await createClient({ url, apiKey: key ?? '' }).get('/auth/me')).scopes).toEqual(['read']);

    const kept: unknown[] = [];
    let renewals = 0;
    const expired = createClient({
      url,
      tokens: { ...tokens, accessToken: 'expired' },
      onTokens: (next) => kept.push(next),
      fetch: async (input, init) => {
        const request = new Request(input, init);
        if (request.url.endsWith('/auth/refresh')) renewals += 1;
        return fetch(request);
      },
    });
    const pause = { body: { scope: 'organization', reason: 'A body is sent again, too' } } as const;
    const answers = await Promise.all([
      expired.post('/pauses', pause),
      ...Array.from({ length: 10 }, () => expired.get('/auth/me')),
    ]);
    expect(answers).toHaveLength(11);
    expect(renewals).toBe(1);
    expect(kept).toEqual([expired.tokens()]);
    await expired.signOut();
    await expect(expired.get('/auth/me')).rejects.toMatchObject({ status: 401 });
    expect(kept.at(-1)).toBeNull();
  });

  test('what is repeatable is done once, though its first answers are lost', async () => {
    const { client, tokens } = await signUp();
    const answered: (string | null)[] = [];
    const losing = createClient({
      url,
      tokens,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        answered.push(response.headers.get('idempotent-replayed'));
        if (answered.length <= 2) throw new TypeError('fetch failed');
        return response;
      },
    });
    const made = await repeatable((header) =>
      losing.post('/invitations', { params: { header }, body: { email: 'once@example.org', role: 'viewer' } }),
    );
    expect(answered).toEqual([null, 'true', 'true']);
    expect((await client.get('/invitations')).items.map(({ id }) => id)).toEqual([made.id]);
    const wrong = repeatable((header) =>
      client.post('/invitations', { params: { header }, body: { email: 'no', role: 'viewer' } }),
    );
    await expect(wrong).rejects.toMatchObject({ code: 'validation_failed' });
  });
});

describe('the WebSocket', () => {
  test(
    '20 clients whose connections are cut again and again hear each event once, in order',
    { timeout: 120_000 },
    async () => {
      const { client, organizationId, tokens } = await signUp();
      const post = await addPost(api, organizationId);
      const listeners = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const sockets = cuttableSockets();
          const heard: string[] = [];
          let resyncs = 0;
          const live = createClient({ url, tokens, WebSocket: sockets.WebSocket }).listen({
            onMessage: (message) => heard.push(...eventIdsOf(message)),
            onResync: () => (resyncs += 1),
            firstPauseMs: 20,
          });
          await live.opened;
          return { live, heard, cut: sockets.cut, resyncs: () => resyncs };
        }),
      );
      for (let event = 0; event < 40; event += 1) {
        await addEvent(api, organizationId, post);
        await notify(api);
        for (const listener of listeners) if (randomInt(12) === 0) listener.cut();
      }
      const { items } = await client.get('/posts/{id}/timeline', {
        params: { path: { id: post.postId }, query: { limit: 100 } },
      });
      const happened = items.map(({ id }) => id);
      expect(happened).toHaveLength(40);
      for (const { heard } of listeners)
        await waitFor(() => heard.length >= happened.length, {
          timeoutMs: 60_000,
          describe: () => `${heard.length} of 40 were heard`,
        });
      for (const { heard, resyncs } of listeners) {
        expect(heard).toEqual(happened);
        expect(resyncs()).toBe(0);
      }
      for (const { live } of listeners) live.close();
      expect(await Promise.all(listeners.map(({ live }) => live.ended))).toEqual(listeners.map(() => null));
    },
  );

  test('a position that was kept is gone on from; one that is no longer known is told, and what comes after it is heard', async () => {
    const { client, organizationId } = await signUp();
    const post = await addPost(api, organizationId);
    const first = await listenTo(client);
    await addEvent(api, organizationId, post);
    await notify(api);
    await waitFor(() => first.heard.length === 1, { describe: 'the first event is heard' });
    const kept = first.live.position() ?? '';
    first.live.close();
    await addEvent(api, organizationId, post, 'publication.waiting');
    const second = await listenTo(client, kept);
    await waitFor(() => second.heard.length === 1, { describe: 'the second is heard' });
    expect(second.heard).not.toEqual(first.heard);
    const stranger = await listenTo(client, 'no-position');
    await addEvent(api, organizationId, post, 'publication.retrying');
    await notify(api);
    const { items } = await client.get('/posts/{id}/timeline', { params: { path: { id: post.postId } } });
    const third = items.at(-1)?.id;
    await waitFor(() => stranger.heard.at(-1) === third, { describe: 'the third is heard' });
    expect([second.resyncs(), stranger.resyncs()]).toEqual([0, 1]);
    for (const { live } of [second, stranger]) live.close();
  });

  test('rooms are entered again after a cut, refusals are told, and whoever is signed out hears why it is over', async () => {
    const { client, organizationId, tokens } = await signUp();
    const { postId } = await addPost(api, organizationId);
    const sockets = cuttableSockets();
    const told: LiveMessage[] = [];
    const states: LiveState[] = [];
    const options = { onMessage: (message: LiveMessage) => void told.push(message), onResync: () => undefined };
    const live = createClient({ url, tokens, WebSocket: sockets.WebSocket }).listen({
      ...options,
      onState: (state) => states.push(state),
      firstPauseMs: 20,
    });
    await live.send({ type: 'subscribe-post-updates', data: { postId } });
    await expect(live.send({ type: 'subscribe-post-updates', data: { postId: 'pst_none' } })).rejects.toThrow(
      'not_found',
    );
    sockets.cut();
    await waitFor(() => states.filter((state) => state === 'open').length === 2, { describe: 'it is open again' });
    const { live: other } = await listenTo(client);
    await other.send({ type: 'typing-start', data: { postId } });
    await waitFor(() => told.some(({ type }) => type === 'user-typing'), { describe: 'the typing is heard' });
    other.close();

    await client.signOut();
    expect(await live.ended).toMatchObject({ status: 401, code: 'session_revoked' });
    expect(states.at(-1)).toBe('closed');
    await expect(live.send({ type: 'ping' })).rejects.toThrow('closed');
  });

  test('the types of its messages are those of the contract', () => {
    const known: Record<LiveMessage['type'], true> = {
      'post-created': true,
      'post-status-update': true,
      'analytics-update': true,
      notification: true,
      'user-connected': true,
      'user-disconnected': true,
      'user-typing': true,
      'user-stopped-typing': true,
    };
    const handled = ['hello', 'resync', 'ack', 'pong', 'error'];
    const sent = ServerMessage.options.map(({ shape }) => shape.type.value);
    expect([...Object.keys(known), ...handled].toSorted()).toEqual(sent.toSorted());
  });
});

async function listenTo(
  client: Client,
  since?: string,
): Promise<{ live: LiveConnection; heard: string[]; resyncs: () => number }> {
  const heard: string[] = [];
  let resyncs = 0;
  const live = client.listen({
    ...(since === undefined ? {} : { since }),
    onMessage: (message) => heard.push(...eventIdsOf(message)),
    onResync: () => (resyncs += 1),
  });
  await live.opened;
  return { live, heard, resyncs: () => resyncs };
}

function eventIdsOf(message: LiveMessage): string[] {
  return message.type === 'post-status-update' ? message.data.events.map(({ id }) => id) : [];
}
