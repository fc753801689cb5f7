import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lexiconViolations, openApiChecker, platformSpecsDirectory } from './testing/platform-specs.ts';
import { pngOf } from './testing/test-files.ts';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

const directory = platformSpecsDirectory(process.env) ?? '';
const Id = z.object({ id: z.string() });

describe('numbers, against the platforms’ own descriptions', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  beforeEach((context) => context.skip(directory === '', 'the descriptions are missing: set PLATFORM_SPECS_DIR'));
  afterAll(() => sandbox[Symbol.asyncDispose]());
  const audience = (platform: string, account: string) =>
    sandbox.send('/_sandbox/audience', { json: { platform, account, likes: 3, comments: 2, shares: 1, followers: 9 } });

  test('X', async () => {
    const violations = openApiChecker(join(directory, 'x-api-v2.openapi.json'), '3.0');
    const { account, accessToken: token } = await sandbox.account('x', 'ada');
    await sandbox.send('/x/2/tweets', { token, json: { text: 'counted' } });
    await audience('x', 'ada');
    const get = async (path: string) => (await sandbox.send(`/x/2/${path}`, { token })).body;
    const posts = await get(`users/${account.id}/tweets?post.fields=public_metrics,non_public_metrics`);
    expect(posts).toMatchObject({ data: [{ public_metrics: { like_count: 3 }, non_public_metrics: {} }] });
    expect([
      ...violations('GetUsersPostsResponse', posts),
      ...violations('GetUsersMeResponse', await get('users/me?user.fields=public_metrics&post.fields=id')),
    ]).toEqual([]);
  });

  test('Mastodon', async () => {
    const violations = openApiChecker(join(directory, 'mastodon/mastodon.openapi.json'), '3.1');
    const { account, accessToken: token } = await sandbox.account('mastodon', 'ada');
    const { id } = Id.parse((await sandbox.mastodon('/api/v1/statuses', { token, json: { status: 'counted' } })).body);
    await audience('mastodon', 'ada');
    const statuses = (await sandbox.mastodon(`/api/v1/statuses?id[]=${id}&id[]=1`, { token })).body;
    const own = (await sandbox.mastodon(`/api/v1/accounts/${account.id}`, { token })).body;
    expect(statuses).toMatchObject([{ id, favourites_count: 3 }]);
    expect(own).toMatchObject({ followers_count: 9 });
    const [status] = z.array(z.unknown()).parse(statuses);
    expect([...violations('Status', status), ...violations('Account', own)]).toEqual([]);
    const many = Array.from({ length: 21 }, (_, index) => `id[]=${index}`).join('&');
    expect((await sandbox.mastodon(`/api/v1/statuses?${many}`, { token })).status).toBe(422);
  });

  test('Bluesky', async () => {
    const { account } = await sandbox.account('bluesky', 'ada.test');
    await audience('bluesky', account.id);
    const { body } = await sandbox.bluesky(`app.bsky.actor.getProfiles?actors=${account.id}&actors=none.test`);
    expect(body).toMatchObject({ profiles: [{ did: account.id, followersCount: 9 }] });
    expect(lexiconViolations(directory, 'app.bsky.actor.getProfiles', body)).toEqual([]);
  });

  test('Pinterest', async () => {
    const violations = openApiChecker(join(directory, 'pinterest/openapi.v5.json'), '3.0');
    const { account, accessToken: token } = await sandbox.account('pinterest', 'ada');
    const send = async (path: string, request = {}) => sandbox.send(`/pinterest/v5/${path}`, { token, ...request });
    const media_source = {
      source_type: 'image_base64',
      content_type: 'image/png',
      data: pngOf(9, 5).toString('base64'),
    };
    const { id } = Id.parse((await send('pins', { json: { board_id: account.id, title: 'T', media_source } })).body);
    const today = new Date().toISOString().slice(0, 10);
    const at = (start: string, types: string) =>
      send(`pins/${id}/analytics?start_date=${start}&end_date=${today}&metric_types=${types}`);
    const uncounted = (await at(today, 'IMPRESSION')).body;
    expect(uncounted).toMatchObject({ all: { summary_metrics: {} } });
    await audience('pinterest', account.id);
    const counted = (await at(today, 'IMPRESSION,TOTAL_REACTIONS')).body;
    expect(counted).toMatchObject({ all: { lifetime_metrics: { TOTAL_REACTIONS: 3 } } });
    expect([...violations('PinAnalyticsResponse', uncounted), ...violations('PinAnalyticsResponse', counted)]).toEqual(
      [],
    );
    expect([(await at('2020-01-01', 'IMPRESSION')).status, (await at(today, 'LOVE')).status]).toEqual([400, 400]);
  });
});
