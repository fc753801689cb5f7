import { afterAll, describe, expect, test } from 'vitest';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';
import { mastodon } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('mastodon');
afterAll(() => client[Symbol.asyncDispose]());

const endpoints = testEndpoints();
const publication = (origin: string, text: string, options = {}) =>
  startPublication({
    adapter: mastodon,
    endpoints,
    client,
    account: { externalId: '7', handle: 'ada@i', service: origin },
    accessToken: 'token',
    content: { text, options, media: [] },
  });

const post = 'POST /api/v1/statuses';

describe('publishing', () => {
  test('sends every run under the same key', async () => {
    await using server = await startRoutes({
      [post]: () => ({ json: { id: '11', url: 'https://i/@ada/11', uri: 'x' } }),
    });
    const one = publication(server.origin, 'hi', {
      visibility: 'unlisted',
      spoilerText: 'cw',
      language: 'en',
      sensitive: true,
    });
    expect(await one.publish()).toEqual({ kind: 'published', platformPostId: '11', url: 'https://i/@ada/11' });
    one.forget('publish');
    await one.publish();
    await publication(server.origin, 'hi').publish();

    const sends = server.seen.filter(({ route }) => route === post);
    const [first, second, other] = sends.map(({ headers }) => headers['idempotency-key']);
    expect(first).toBe(`vibetribe-${one.publicationId}`);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(JSON.parse(sends[0]?.body ?? '')).toEqual({
      status: 'hi',
      visibility: 'unlisted',
      spoiler_text: 'cw',
      language: 'en',
      sensitive: true,
    });
  });

  test('a key that Pixelfed has seen before is refused as a duplicate, and by nobody else', async () => {
    const failureOn = async (software: string) => {
      await using server = await startRoutes({ [post]: () => ({ status: 400, json: { error: 'no' } }) });
      const account = {
        externalId: '7',
        handle: 'ada@i',
        service: server.origin,
        serverRules: { textMax: 500, urlCharacters: 23, software },
      };
      const content = { text: 'hi', options: {}, media: [] };
      const sent = startPublication({ adapter: mastodon, endpoints, client, account, accessToken: 'token', content });
      return await sent.publish().catch((error: unknown) => error);
    };
    expect(await failureOn('pixelfed')).toMatchObject({ kind: 'duplicate', platformCode: 'http_400' });
    expect(await failureOn('mastodon')).toMatchObject({ kind: 'content', platformCode: 'http_400' });
  });

  test('a quote that an older instance would leave out without a word is refused before anything is sent', async () => {
    const quoteOn = async (software: string, instance: object) => {
      await using server = await startRoutes({
        'GET /api/v2/instance': () => ({ json: instance }),
        'GET /api/v2/search': () => ({ json: { statuses: [{ id: '5' }] } }),
        [post]: () => ({ json: { id: '11', url: 'https://i/@ada/11' } }),
      });
      const serverRules = { textMax: 500, urlCharacters: 23, software };
      const account = { externalId: '7', handle: 'ada@i', service: server.origin, serverRules };
      const content = { text: 'hi', options: { quote: 'https://i/@ada/5' }, media: [] };
      const sent = startPublication({ adapter: mastodon, endpoints, client, account, accessToken: 'token', content });
      const fate = await sent.publish().catch((error: unknown) => error);
      return { fate, sends: server.seen.flatMap(({ route, body }) => (route === post ? [JSON.parse(body)] : [])) };
    };
    const refused = { fate: { kind: 'content', platformCode: 'quotes_unsupported' }, sends: [] };
    expect(await quoteOn('mastodon', { api_versions: { mastodon: 6 } })).toMatchObject(refused);
    expect(await quoteOn('mastodon', {})).toMatchObject(refused);
    const quoted = { sends: [{ status: 'hi', quoted_status_id: '5' }] };
    expect(await quoteOn('mastodon', { api_versions: { mastodon: 7 } })).toMatchObject(quoted);
    expect(await quoteOn('akkoma', {})).toMatchObject(quoted);
  });

  test.each([
    [{ id: '1', url: null, uri: 'https://i/1' }, 'https://i/1'],
    [{ id: '1', url: 'javascript:alert(1)' }, null],
  ])('links to web pages only (%j)', async (json, url) => {
    await using server = await startRoutes({ [post]: () => ({ json }) });
    expect(await publication(server.origin, 'hi').publish()).toMatchObject({ url });
  });
});

test('the content warning counts towards the limit', () => {
  const account = { externalId: '7', handle: 'ada', service: null };
  const codes = (spoilerText: string) =>
    mastodon.validate({ text: 'a'.repeat(490), options: { spoilerText }, media: [] }, account).map(({ code }) => code);
  expect(codes('a'.repeat(10))).toEqual([]);
  expect(codes('a'.repeat(11))).toEqual(['text_too_long']);
});
