import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { graphStrangers, lexiconViolations, openApiChecker, platformSpecsDirectory } from './testing/platform-specs.ts';
import { pngOf } from './testing/test-files.ts';
import { startTestSandbox, type TestSandbox } from './testing/test-sandbox.ts';

const directory = platformSpecsDirectory(process.env) ?? '';

describe('the answers against the platforms’ own descriptions', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  beforeEach((context) => context.skip(directory === '', 'the descriptions are missing: set PLATFORM_SPECS_DIR'));
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test('X answers as its OpenAPI document says', async () => {
    const violations = openApiChecker(join(directory, 'x-api-v2.openapi.json'), '3.0');
    const { account, accessToken: token } = await sandbox.account('x', 'ada');
    const created = await sandbox.send('/x/2/tweets', { token, json: { text: 'Hello https://example.com #tag @ada' } });
    const { data } = z.object({ data: z.object({ id: z.string() }) }).parse(created.body);
    const fields =
      'post.fields=created_at,author_id,conversation_id,entities,public_metrics,lang,possibly_sensitive,reply_settings';
    const get = async (path: string) => (await sandbox.send(`/x/2/${path}`, { token })).body;
    expect([
      ...violations('GetPostsByIdResponse', await get(`tweets/${data.id}?${fields}`)),
      ...violations('GetPostsByIdsResponse', await get(`tweets?ids=${data.id}&${fields}`)),
      ...violations('GetUsersPostsResponse', await get(`users/${account.id}/tweets?${fields}`)),
      ...violations('GetUsersMeResponse', await get('users/me')),
      ...violations(
        'DeletePostsResponse',
        (await sandbox.send(`/x/2/tweets/${data.id}`, { method: 'DELETE', token })).body,
      ),
    ]).toEqual([]);
  });

  test('Mastodon answers as its OpenAPI document says', async () => {
    const violations = openApiChecker(join(directory, 'mastodon/mastodon.openapi.json'), '3.1');
    const { account, accessToken: token } = await sandbox.account('mastodon', 'ada');
    const json = { client_name: 'Test', redirect_uris: ['http://127.0.0.1:9/'], scopes: 'read' };
    const application = (await sandbox.mastodon('/api/v1/apps', { json })).body;
    const client = z.object({ client_id: z.string(), client_secret: z.string() }).parse(application);
    const credentials = { client_id: client.client_id, client_secret: client.client_secret };
    const form = { grant_type: 'client_credentials', ...credentials };
    const status = (await sandbox.mastodon('/api/v1/statuses', { token, json: { status: 'Hello #tag @ada' } })).body;
    const { id } = z.object({ id: z.string() }).parse(status);
    const listed = (await sandbox.mastodon(`/api/v1/accounts/${account.id}/statuses`)).body;
    expect([
      ...violations('CredentialApplication', application),
      ...violations('Token', (await sandbox.mastodon('/oauth/token', { form })).body),
      ...violations('Instance', (await sandbox.mastodon('/api/v2/instance')).body),
      ...violations(
        'CredentialAccount',
        (await sandbox.mastodon('/api/v1/accounts/verify_credentials', { token })).body,
      ),
      ...violations('Status', status),
      ...z
        .array(z.unknown())
        .parse(listed)
        .flatMap((each) => violations('Status', each)),
      ...violations('Error', (await sandbox.mastodon('/api/v1/statuses/1')).body),
      ...violations('Status', (await sandbox.mastodon(`/api/v1/statuses/${id}`, { method: 'DELETE', token })).body),
    ]).toEqual([]);
  });

  test('YouTube answers as its OpenAPI document says', async () => {
    const violations = openApiChecker(join(directory, 'google/youtube.json'), '3.0');
    const { account, accessToken: token } = await sandbox.account('youtube', 'ada');
    const film = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1');
    const begun = await sandbox.send('/youtube/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status', {
      token,
      json: { snippet: { title: 'A film', tags: ['one'] }, status: { privacyStatus: 'public' } },
      headers: { 'x-upload-content-length': String(film.length), 'x-upload-content-type': 'video/mp4' },
    });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'video/mp4' };
    const url = begun.headers.get('location') ?? '';
    const uploaded: unknown = await (await fetch(url, { method: 'PUT', headers, body: new Uint8Array(film) })).json();
    const { id } = z.object({ id: z.string() }).parse(uploaded);
    const get = async (path: string) => (await sandbox.send(`/youtube/youtube/v3/${path}`, { token })).body;
    const post = async (path: string, json: object) =>
      (await sandbox.send(`/youtube/youtube/v3/${path}`, { token, json })).body;
    const parts = 'part=snippet,status,processingDetails,statistics,contentDetails';
    const uploads = `UU${account.id.slice(2)}`;
    const topLevelComment = { snippet: { textOriginal: 'First' } };
    expect([
      ...violations('Video', uploaded),
      ...violations('VideoListResponse', await get(`videos?${parts}&id=${id}`)),
      ...violations('ChannelListResponse', await get(`channels?${parts}&mine=true`)),
      ...violations('PlaylistItemListResponse', await get(`playlistItems?${parts}&playlistId=${uploads}`)),
      ...violations(
        'CommentThread',
        await post('commentThreads?part=snippet', { snippet: { videoId: id, topLevelComment } }),
      ),
      ...violations('CommentThreadListResponse', await get(`commentThreads?${parts}&videoId=${id}`)),
      ...violations('Playlist', await post('playlists?part=snippet', { snippet: { title: 'All' } })),
    ]).toEqual([]);
  });

  test('Pinterest answers as its OpenAPI document says', async () => {
    const violations = openApiChecker(join(directory, 'pinterest/openapi.v5.json'), '3.0');
    const { account, accessToken: token } = await sandbox.account('pinterest', 'ada');
    const send = async (path: string, request = {}) =>
      (await sandbox.send(`/pinterest/v5/${path}`, { token, ...request })).body;
    const data = pngOf(9, 5).toString('base64');
    const media_source = { source_type: 'image_base64', content_type: 'image/png', data };
    const given = { board_id: account.id, title: 'Soup', description: 'Warm', link: 'https://example.com/' };
    const pin = await send('pins', { json: { ...given, media_source } });
    const { id } = z.object({ id: z.string() }).parse(pin);
    const upload = await send('media', { json: { media_type: 'video' } });
    const { media_id } = z.object({ media_id: z.string() }).parse(upload);
    expect([
      ...violations('Account', await send('user_account')),
      ...violations('Board', await send(`boards/${account.id}`)),
      ...violations('BoardSection', await send(`boards/${account.id}/sections`, { json: { name: 'Soups' } })),
      ...violations('Paginated', await send('boards')),
      ...violations('Paginated', await send(`boards/${account.id}/pins`)),
      ...violations('Pin', pin),
      ...violations('Pin', await send(`pins/${id}`, { method: 'PATCH', json: { description: 'Hot' } })),
      ...violations('MediaUpload', upload),
      ...violations('Media', await send(`media/${media_id}`)),
      ...violations('Error', await send('pins/1')),
    ]).toEqual([]);
  });

  test('Facebook and Instagram answer with fields that Meta’s description has', async () => {
    const { account: page, accessToken: token } = await sandbox.account('facebook', 'ada');
    const at = (path: string) => `/graph/v25.0/${path}`;
    const form = { message: 'Hello', published: 'true' };
    const { id } = z
      .object({ id: z.string() })
      .parse((await sandbox.send(at(`${page.id}/feed`), { token, form })).body);
    const fields = 'id,message,created_time,permalink_url,is_published,attachments,shares,comments,reactions';
    const read = async (path: string, as = token) => (await sandbox.send(at(path), { token: as })).body;
    const listed = await read(`${page.id}/published_posts?fields=${fields}`);
    const { account: user, accessToken: own } = await sandbox.account('instagram', 'ada');
    const limits = await read(`${user.id}/content_publishing_limit?fields=quota_usage,config`, own);
    expect([
      ...graphStrangers(directory, 'PagePost', await read(`${id}?fields=${fields}`)),
      ...z
        .object({ data: z.array(z.unknown()).min(1) })
        .parse(listed)
        .data.flatMap((post) => graphStrangers(directory, 'PagePost', post)),
      ...graphStrangers(directory, 'IGUser', await read(`${user.id}?fields=id,username,name`, own)),
      ...z
        .object({ data: z.array(z.unknown()).min(1) })
        .parse(limits)
        .data.flatMap((limit) => graphStrangers(directory, 'ContentPublishingLimitResponse', limit)),
    ]).toEqual([]);
  });

  test('Bluesky answers with what its lexicons require', async () => {
    const {
      account,
      accessToken: token,
      appPassword: password,
      refreshToken = '',
    } = await sandbox.account('bluesky', 'ada');
    const place = { repo: account.id, collection: 'app.bsky.feed.post', rkey: '3lznwmwzb2k2a' };
    const record = { text: 'Hello', createdAt: '2026-01-01T00:00:00Z' };
    const query = new URLSearchParams(place).toString();
    const calls: [string, string, Parameters<TestSandbox['bluesky']>[1]][] = [
      ['com.atproto.server.createSession', '', { json: { identifier: account.handle, password } }],
      ['com.atproto.server.refreshSession', '', { method: 'POST', token: refreshToken }],
      ['com.atproto.server.getSession', '', { token }],
      ['com.atproto.server.describeServer', '', {}],
      ['com.atproto.identity.resolveHandle', `?handle=${account.handle}`, {}],
      ['com.atproto.repo.createRecord', '', { token, json: { ...place, record } }],
      ['com.atproto.repo.putRecord', '', { token, json: { ...place, record: { ...record, text: 'Amended' } } }],
      ['com.atproto.repo.getRecord', `?${query}`, {}],
      ['com.atproto.repo.listRecords', `?repo=${place.repo}&collection=${place.collection}`, {}],
      ['app.bsky.feed.getPosts', `?uris=at://${place.repo}/${place.collection}/${place.rkey}`, {}],
      ['com.atproto.repo.deleteRecord', '', { token, json: place }],
    ];
    for (const [method, suffix, request] of calls) {
      const reply = await sandbox.bluesky(`${method}${suffix}`, request);
      expect([method, reply.status]).toEqual([method, 200]);
      expect(lexiconViolations(directory, method, reply.body)).toEqual([]);
    }
  });
});
