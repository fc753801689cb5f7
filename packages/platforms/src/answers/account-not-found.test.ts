import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { describe, expect, test } from 'vitest';
import { adapters } from '../registry.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testPicture, testVideo } from '../testing/test-media.ts';
import { openTestClient, startPublication, startRoutes } from '../testing/test-platform.ts';

const graph = (subcode: number) => ({
  status: 400,
  json: { error: { message: 'Unsupported post request.', code: 100, error_subcode: subcode } },
});
const graphCases = (subcode: number) =>
  ({
    facebook: { 'POST /v25.0/17/feed': () => graph(subcode) },
    instagram: { 'POST /v25.0/17/media': () => graph(subcode) },
    threads: { 'POST /v25.0/17/threads': () => graph(subcode) },
  }) as const;
const google = (status: number, reason: string) => ({
  status,
  json: { error: { code: status, message: 'm', status: reason, errors: [{ reason, message: 'm' }] } },
});

async function publish(platform: PlatformId, routes: Parameters<typeof startRoutes>[0]) {
  await using server = await startRoutes(routes);
  await using client = openTestClient(platform);
  const url = `${server.origin}/picture.jpg`;
  const picture = { ...testPicture(), url };
  return await startPublication({
    adapter: adapters[platform],
    endpoints: testEndpoints({
      api: server.origin,
      version: 'v25.0',
      hosts: { pages: server.origin, accounts: server.origin, token: server.origin },
    }),
    client,
    account: { externalId: '17', handle: 'acme', service: null },
    accessToken: 'secret-token',
    details: { 17: '1' },
    content: {
      text: 'Hello',
      options: {},
      media: platform === 'youtube' ? [testVideo(1_000)] : adapters[platform].rules.media.required ? [picture] : [],
    },
  })
    .publish()
    .catch((error: unknown) => error);
}

describe('a place that is not found where a post of the account is to be made means that the account is gone', () => {
  test.each([
    ...Object.entries(graphCases(33)),
    ['google-business', { 'POST /v4/accounts/1/locations/17/localPosts': () => google(404, 'NOT_FOUND') }],
    ['pinterest', { 'POST /v5/pins': () => ({ status: 404, json: { code: 40, message: 'Board not found.' } }) }],
    ['youtube', { 'POST /upload/youtube/v3/videos': () => google(401, 'youtubeSignupRequired') }],
  ] as [PlatformId, Parameters<typeof startRoutes>[0]][])('%s', async (platform, routes) => {
    expect(await publish(platform, routes)).toMatchObject({ accountGone: expect.stringMatching(/gone|channel/u) });
  });

  test.each(Object.entries(graphCases(1_487_390)) as [PlatformId, Parameters<typeof startRoutes>[0]][])(
    'and %s refusing the post for another reason does not',
    async (platform, routes) => {
      expect(await publish(platform, routes)).toMatchObject({ name: 'PlatformError', accountGone: null });
    },
  );
});
