import { afterAll } from 'vitest';
import type { MediaItem } from '../port/content.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { testVideo } from '../testing/test-media.ts';
import { openTestClient, type SeenRequest, startPublication, startRoutes } from '../testing/test-platform.ts';
import { tiktok } from './index.ts';

const client = openTestClient('tiktok');
afterAll(() => client[Symbol.asyncDispose]());

const account = { externalId: '-000a', handle: 'ada', service: null };
export type Content = { text?: string; options?: Record<string, unknown>; media?: MediaItem[] };
export const start = (origin: string, content: Content = {}) =>
  startPublication({
    adapter: tiktok,
    endpoints: testEndpoints({ api: origin, authorize: origin }),
    client,
    account,
    accessToken: 'secret-token',
    content: { text: 'Norway', options: {}, media: [testVideo(6_000)], ...content },
  });

export const ok = (data: object) => ({ json: { data, error: { code: 'ok', message: '', log_id: '1' } } });
export const no = (status: number, code: string, message = 'why') => ({
  status,
  json: { data: {}, error: { code, message } },
});
export const creator = (more: object = {}) =>
  ok({
    creator_username: 'ada',
    privacy_level_options: ['PUBLIC_TO_EVERYONE', 'SELF_ONLY'],
    comment_disabled: false,
    duet_disabled: false,
    stitch_disabled: true,
    max_video_post_duration_sec: 60,
    ...more,
  });
export const done = (more: object = {}) => ok({ status: 'PUBLISH_COMPLETE', publicaly_available_post_id: [], ...more });
export const paths = {
  creator: 'POST /v2/post/publish/creator_info/query/',
  video: 'POST /v2/post/publish/video/init/',
  draft: 'POST /v2/post/publish/inbox/video/init/',
  photos: 'POST /v2/post/publish/content/init/',
  status: 'POST /v2/post/publish/status/fetch/',
  list: 'POST /v2/video/list/',
  upload: 'PUT /up',
} as const;
type Routes = Parameters<typeof startRoutes>[0];

export async function stage(routes: Routes = {}) {
  let origin = '';
  const begun = () => ok({ publish_id: 'v_pub_file~1', upload_url: `${origin}/up` });
  const server = await startRoutes({
    [paths.creator]: () => creator(),
    [paths.video]: begun,
    [paths.draft]: begun,
    [paths.photos]: () => ok({ publish_id: 'v_pub_url~1' }),
    [paths.status]: () => done(),
    [paths.list]: () => ok({ videos: [] }),
    [paths.upload]: ({ headers }) => {
      const [, last, total] = /-(\d+)\/(\d+)$/u.exec(String(headers['content-range'])) ?? [];
      return { status: Number(last) + 1 === Number(total) ? 201 : 206, json: '' };
    },
    ...routes,
  });
  ({ origin } = server);
  return server;
}
export const bodyOf = (seen: readonly SeenRequest[], route: string) =>
  JSON.parse(seen.find((request) => request.route === route)?.body ?? 'null') as unknown;
