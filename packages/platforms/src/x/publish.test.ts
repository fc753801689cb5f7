import { afterAll, describe, expect, test } from 'vitest';
import type { AdapterAccount } from '../port/account.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { x } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('x');
afterAll(() => client[Symbol.asyncDispose]());

const account: AdapterAccount = { externalId: '7', handle: 'ada', service: null };
const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: x,
    endpoints: testEndpoints({ api: origin }),
    client,
    account,
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const created = { status: 201, json: { data: { id: '19', text: 'hi', edit_history_post_ids: ['19'] } } };

describe('publishing', () => {
  test('sends the text and nothing that X does not know', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => created });

    expect(await publication(server.origin, 'hi').publish()).toEqual({
      kind: 'published',
      platformPostId: '19',
      url: 'https://x.com/ada/status/19',
    });
    await publication(server.origin, 'hi', { replySettings: 'following' }).publish();

    const sent = server.seen.filter(({ route }) => route === 'POST /2/tweets');
    expect(sent.map(({ body }) => JSON.parse(body))).toEqual([
      { text: 'hi' },
      { text: 'hi', reply_settings: 'following' },
    ]);
    expect(sent[0]?.headers['authorization']).toBe('Bearer token');
  });

  test('a finished publication sends nothing when it runs again', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => created });
    const post = publication(server.origin, 'hi');
    expect(await post.publish()).toEqual(await post.publish());
    expect(server.seen.filter(({ route }) => route === 'POST /2/tweets')).toHaveLength(1);
  });

  test('an accepted post without an id is in doubt', async () => {
    await using server = await startRoutes({ 'POST /2/tweets': () => ({ status: 201, json: { data: {} } }) });
    await expect(publication(server.origin, 'hi').publish()).rejects.toMatchObject({
      kind: 'ambiguous',
      platformCode: 'http_201',
    });
  });
});
