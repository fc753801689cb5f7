import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestSandbox, type Request, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
beforeEach(async () => {
  await sandbox.send('/_sandbox/reset', { method: 'POST' });
  ada = await sandbox.account('tiktok', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const call = (path: string, json: unknown = {}, request: Request = {}) =>
  sandbox.send(`/tiktok/v2${path}`, { token: ada.accessToken, json, ...request });
const later = (advanceMs: number) => sandbox.send('/_sandbox/clock', { method: 'POST', json: { advanceMs } });
const shown = async (account = ada) =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string() })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=tiktok&account=${account.account.id}`)).body).items;
const film = (bytes: number) =>
  Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), Buffer.alloc(bytes - 16, 7)]);
const source = (size: number, chunk = size, count = 1) => ({
  source: 'FILE_UPLOAD',
  video_size: size,
  chunk_size: chunk,
  total_chunk_count: count,
});
const info = (more: object = {}) => ({ title: 'Norway', privacy_level: 'PUBLIC_TO_EVERYONE', ...more });
const Begun = z.object({ data: z.object({ publish_id: z.string(), upload_url: z.url() }) });
async function begin(size: number, chunk = size, count = 1, path = '/post/publish/video/init/') {
  const post_info = path.includes('inbox') ? {} : { post_info: info() };
  const reply = await call(path, { ...post_info, source_info: source(size, chunk, count) });
  return Begun.parse(reply.body).data;
}
async function put(url: string, file: Buffer, from: number, to: number) {
  const headers = { 'content-type': 'video/mp4', 'content-range': `bytes ${from}-${to - 1}/${file.length}` };
  return (await fetch(url, { method: 'PUT', headers, body: new Uint8Array(file.subarray(from, to)) })).status;
}
const statusOf = (publish_id: string) => call('/post/publish/status/fetch/', { publish_id });

test('a consent with a challenge in hex, and refresh tokens that work once; refusals have a status of success', async () => {
  const query = new URLSearchParams({
    client_key: 'vibetribe-sandbox',
    redirect_uri: 'http://127.0.0.1:9/back',
    response_type: 'code',
    scope: 'user.info.basic,video.publish',
    state: 's',
    code_challenge: createHash('sha256').update('verifier').digest('hex'),
    code_challenge_method: 'S256',
    sandbox_approve: 'ada',
  });
  const consent = async () => {
    const reply = await sandbox.send(`/tiktok/v2/auth/authorize/?${query.toString()}`);
    return new URL(reply.headers.get('location') ?? '').searchParams.get('code') ?? '';
  };
  const client = { client_key: 'vibetribe-sandbox', client_secret: 'vibetribe-sandbox-secret' };
  const ask = async (form: Record<string, string>) => {
    const { status, body } = await sandbox.send('/tiktok/v2/oauth/token/', { form: { ...client, ...form } });
    return { status, body };
  };
  const given = { grant_type: 'authorization_code', redirect_uri: 'http://127.0.0.1:9/back' };
  expect(await ask({ ...given, code: await consent(), code_verifier: 'other' })).toMatchObject({
    status: 200,
    body: { error: 'invalid_grant' },
  });
  const issued = await ask({ ...given, code: await consent(), code_verifier: 'verifier' });
  expect(issued.body).toMatchObject({ open_id: ada.account.id, expires_in: 7_200, refresh_expires_in: 15_552_000 });
  const { refresh_token } = z.looseObject({ refresh_token: z.string() }).parse(issued.body);
  const renewal = { grant_type: 'refresh_token', refresh_token };
  expect((await ask(renewal)).body).toMatchObject({ access_token: expect.stringMatching(/^act\./u) });
  expect((await ask(renewal)).body).toMatchObject({ error: 'invalid_grant' });
  expect((await ask({ ...renewal, client_secret: 'no' })).body).toMatchObject({ error: 'invalid_client' });
});

describe('a video', () => {
  test('is a post once its last chunk has come, and has an id of its own once it was looked at', async () => {
    const file = film(11_000_000);
    const { publish_id: id, upload_url: url } = await begin(file.length, 5_242_880, 2);
    expect(await put(url, file, 5_242_880, file.length)).toBe(416);
    expect(await put(url, file, 0, 5_242_880)).toBe(206);
    expect((await statusOf(id)).body).toMatchObject({
      data: { status: 'PROCESSING_UPLOAD', uploaded_bytes: 5_242_880 },
    });
    expect(await shown()).toEqual([]);
    expect(await put(url, file, 5_242_880, 6_000_000)).toBe(400);
    expect(await put(url, file, 5_242_880, file.length)).toBe(201);
    expect(await put(url, file, 5_242_880, file.length)).toBe(404);
    const sha256 = createHash('sha256').update(file).digest('hex');
    const [post] = await shown();
    expect(post).toMatchObject({
      text: 'Norway',
      details: { privacy_level: 'PUBLIC_TO_EVERYONE' },
      media: [{ type: 'video', bytes: file.length, sha256 }],
    });
    await later(1_500);
    expect((await statusOf(id)).text).toContain(`"publicaly_available_post_id":[${post?.id}]`);
  });

  test('that is none fails, and a draft is seen by nobody', async () => {
    const bad = Buffer.alloc(100, 1);
    const failed = await begin(100);
    expect(await put(failed.upload_url, bad, 0, 100)).toBe(201);
    const draft = await begin(100, 100, 1, '/post/publish/inbox/video/init/');
    expect(await put(draft.upload_url, film(100), 0, 100)).toBe(201);
    await later(1_500);
    expect((await statusOf(failed.publish_id)).body).toMatchObject({
      data: { status: 'FAILED', fail_reason: 'file_format_check_failed' },
      error: { code: 'ok' },
    });
    expect((await statusOf(draft.publish_id)).body).toMatchObject({ data: { status: 'SEND_TO_USER_INBOX' } });
    expect(await shown()).toEqual([]);
  });

  test('has an address that lives an hour', async () => {
    const { upload_url: url } = await begin(100);
    await later(3_600_001);
    expect(await put(url, film(100), 0, 100)).toBe(403);
  });

  test.each<[string, object, number, string]>([
    ['a wrong count of chunks', { source_info: source(11_000_000, 5_242_880, 3) }, 400, 'invalid_params'],
    ['chunks that are too small', { source_info: source(8_000_000, 4_000_000, 2) }, 400, 'invalid_params'],
    ['2,201 units', { post_info: info({ title: 'é'.repeat(2_201) }) }, 400, 'invalid_params'],
    ['an unknown field', { post_info: info({ colour: 'red' }) }, 400, 'invalid_params'],
    [
      'a level that is not an option',
      { post_info: info({ privacy_level: 'FOLLOWER_OF_CREATOR' }) },
      403,
      'privacy_level_option_mismatch',
    ],
    [
      'a paid partnership that nobody sees',
      { post_info: info({ privacy_level: 'SELF_ONLY', brand_content_toggle: true }) },
      400,
      'invalid_params',
    ],
  ])('with %s is refused', async (_what, more, status, code) => {
    const reply = await call('/post/publish/video/init/', { post_info: info(), source_info: source(100), ...more });
    expect([reply.status, reply.body]).toMatchObject([status, { error: { code } }]);
  });

  test('of other people is not told about, and too many in a minute are refused', async () => {
    const { publish_id: id } = await begin(100);
    const bob = await sandbox.account('tiktok', 'bob');
    const asked = await call('/post/publish/status/fetch/', { publish_id: id }, { token: bob.accessToken });
    expect(asked).toMatchObject({
      status: 403,
      body: { error: { code: 'token_not_authorized_for_specified_publish_id' } },
    });
    for (let more = 0; more < 5; more += 1) await begin(100);
    const reply = await call('/post/publish/video/init/', { post_info: info(), source_info: source(100) });
    expect(reply).toMatchObject({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } });
  });
});

test('creators allow different things, and an application that was not audited only what nobody sees', async () => {
  const eve = await sandbox.account('tiktok', 'private_eve');
  const reply = await call('/post/publish/creator_info/query/', {}, { token: eve.accessToken });
  expect(reply.body).toMatchObject({
    data: { comment_disabled: true, privacy_level_options: expect.not.arrayContaining(['PUBLIC_TO_EVERYONE']) },
  });
  const query = new URLSearchParams({
    client_key: 'vibetribe-sandbox-unaudited',
    redirect_uri: 'http://127.0.0.1:9/back',
    response_type: 'code',
    scope: 'video.publish',
    state: 's',
    sandbox_approve: 'ada',
  });
  const location = (await sandbox.send(`/tiktok/v2/auth/authorize/?${query.toString()}`)).headers.get('location') ?? '';
  const form = {
    client_key: 'vibetribe-sandbox-unaudited',
    client_secret: 'vibetribe-sandbox-secret',
    grant_type: 'authorization_code',
    redirect_uri: 'http://127.0.0.1:9/back',
    code: new URL(location).searchParams.get('code') ?? '',
  };
  const { access_token: token } = z
    .looseObject({ access_token: z.string() })
    .parse((await sandbox.send('/tiktok/v2/oauth/token/', { form })).body);
  const init = (privacy_level: string) =>
    call('/post/publish/video/init/', { post_info: info({ privacy_level }), source_info: source(100) }, { token });
  expect(await init('PUBLIC_TO_EVERYONE')).toMatchObject({
    status: 403,
    body: { error: { code: 'unaudited_client_can_only_post_to_private_accounts' } },
  });
  expect((await init('SELF_ONLY')).status).toBe(200);
});

test('five drafts wait in an inbox, and no more', async () => {
  const draft = (number: number) => call('/post/publish/inbox/video/init/', { source_info: source(100 + number) });
  for (let number = 0; number < 5; number += 1) expect((await draft(number)).status).toBe(200);
  await later(61_000);
  expect(await draft(5)).toMatchObject({ status: 403, body: { error: { code: 'spam_risk_too_many_pending_share' } } });
});

test('photos that cannot be fetched fail, and only what everybody sees is listed', async () => {
  const photos = (more: object = {}) => ({
    post_info: { description: 'Norway', privacy_level: 'PUBLIC_TO_EVERYONE' },
    source_info: { source: 'PULL_FROM_URL', photo_cover_index: 0, photo_images: ['http://127.0.0.1:1/none.jpg'] },
    post_mode: 'DIRECT_POST',
    media_type: 'PHOTO',
    ...more,
  });
  const { source_info } = photos();
  const covered = await call(
    '/post/publish/content/init/',
    photos({ source_info: { ...source_info, photo_cover_index: 1 } }),
  );
  expect(covered).toMatchObject({ status: 400, body: { error: { code: 'invalid_params' } } });
  const reply = await call('/post/publish/content/init/', photos());
  const { data } = z.object({ data: z.object({ publish_id: z.string() }) }).parse(reply.body);
  await later(700);
  expect((await statusOf(data.publish_id)).body).toMatchObject({
    data: { status: 'FAILED', fail_reason: 'photo_pull_failed' },
  });
  for (const post_info of [info(), info({ privacy_level: 'SELF_ONLY' })]) {
    const begun = Begun.parse(
      (await call('/post/publish/video/init/', { post_info, source_info: source(100) })).body,
    ).data;
    await put(begun.upload_url, film(100), 0, 100);
  }
  expect(await shown()).toHaveLength(2);
  const list = await call('/video/list/?fields=id,title,video_description,create_time,share_url', { max_count: 10 });
  expect(list.body).toMatchObject({ data: { videos: [{ title: 'Norway' }], has_more: false } });
  expect((await call('/video/list/?fields=colour')).status).toBe(400);
});
