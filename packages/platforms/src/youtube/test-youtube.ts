import { afterAll } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testVideo, type TestMedia } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { youtube } from './index.ts';

export const client = openTestClient('youtube');
afterAll(() => client[Symbol.asyncDispose]());

export const account = { externalId: 'UC1', handle: 'bakery', service: null };
export const insert = 'POST /upload/youtube/v3/videos';
export const session = 'PUT /session';
export const read = 'GET /youtube/v3/videos';
export const update = 'PUT /youtube/v3/videos';
export const start = (
  origin: string,
  content: { text?: string; options?: Record<string, unknown>; media?: TestMedia[] } = {},
) =>
  startPublication({
    adapter: youtube,
    endpoints: testEndpoints({ api: origin, hosts: { token: origin } }),
    client,
    account,
    accessToken: 'channel-token',
    content: { text: 'How we bake\n\nSlowly.', options: {}, media: [testVideo(1_000)], ...content },
  });
export const jsonOf = ({ body }: Pick<SeenRequest, 'body'>) =>
  JSON.parse(body) as Record<string, Record<string, unknown>>;
export const resource = (privacyStatus: string, more: object = {}, tags: string[] = []) => ({
  id: 'v1',
  snippet: { channelId: 'UC1', title: 'How we bake', description: '', tags },
  status: { uploadStatus: 'processed', privacyStatus, ...more },
});
export const shown = {
  [read]: () => ({ json: { items: [resource('private')] } }),
  [update]: ({ body }: SeenRequest) => ({ json: resource(String(jsonOf({ body })['status']?.['privacyStatus'])) }),
};
/** The origin is known only once the server listens. */
export async function serve(routes: (origin: () => string) => Parameters<typeof startRoutes>[0]) {
  let origin = '';
  const server = await startRoutes(routes(() => origin));
  ({ origin } = server);
  return server;
}
export const lazily = (origin: () => string) => ({
  [insert]: () => ({ json: {}, headers: { location: `${origin()}/session` } }),
});
