import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type Request, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
beforeEach(async () => {
  await sandbox.send('/_sandbox/reset', { method: 'POST' });
  ada = await sandbox.account('pinterest', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const call = (path: string, request: Request = {}) =>
  sandbox.send(`/pinterest${path}`, { token: ada.accessToken, ...request });
const image = (seed = 0, size = 9) => ({
  source_type: 'image_base64',
  content_type: 'image/png',
  data: pngOf(size, 5, seed).toString('base64'),
});
const pin = (more: object = {}, request: Request = {}) =>
  call('/v5/pins', { json: { board_id: ada.account.id, media_source: image(), ...more }, ...request });
const shown = async () =>
  z
    .object({ items: z.array(z.looseObject({ text: z.string() })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=pinterest&account=${ada.account.id}`)).body).items;
const later = (advanceMs: number) => sandbox.send('/_sandbox/clock', { method: 'POST', json: { advanceMs } });
const client = (id: string, secret = 'vibetribe-sandbox-secret') => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const ours = client('vibetribe-sandbox');

async function consent(handles: string, id = 'vibetribe-sandbox') {
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: 'http://127.0.0.1:9/back',
    response_type: 'code',
    scope: 'boards:read,boards:write,pins:read,pins:write,user_accounts:read',
    state: 's',
    sandbox_approve: handles,
  });
  const location = (await sandbox.send(`/pinterest/oauth/?${query.toString()}`)).headers.get('location') ?? '';
  const code = new URL(location).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, redirect_uri: 'http://127.0.0.1:9/back' };
  const reply = await sandbox.send('/pinterest/v5/oauth/token', { form, headers: client(id) });
  return z.looseObject({ access_token: z.string(), refresh_token: z.string() }).parse(reply.body);
}

test('a consent opens the boards that were named, and each refresh token works once', async () => {
  const issued = await consent('food,travel');
  const boards = await sandbox.send('/pinterest/v5/boards', { token: issued.access_token });
  expect(boards.body).toMatchObject({ items: [{ name: 'food' }, { name: 'travel' }], bookmark: null });
  const renew = () =>
    sandbox.send('/pinterest/v5/oauth/token', {
      form: { grant_type: 'refresh_token', refresh_token: issued.refresh_token },
      headers: ours,
    });
  expect((await renew()).body).toMatchObject({ access_token: expect.stringMatching(/^pina_/u) });
  expect(await renew()).toMatchObject({ status: 400, body: { code: 283 } });
  const wrong = { form: { grant_type: 'refresh_token' }, headers: client('vibetribe-sandbox', 'no') };
  expect(await sandbox.send('/pinterest/v5/oauth/token', wrong)).toMatchObject({ status: 401, body: { code: 2 } });
});

test('an application with trial access makes no pins', async () => {
  const { access_token: token } = await consent('ada', 'vibetribe-sandbox-trial');
  expect(await pin({}, { token })).toMatchObject({
    status: 403,
    body: { code: 29, message: expect.stringContaining('Trial access') },
  });
});

test('a pin is shown on its board, with what stands beside it', async () => {
  const more = { title: 'Soup', description: 'Warm', link: 'https://example.com/', alt_text: 'A bowl' };
  const made = await pin(more);
  expect([made.status, made.body]).toMatchObject([
    201,
    { ...more, board_id: ada.account.id, media: { media_type: 'image' } },
  ]);
  expect(made.headers.get('x-ratelimit-remaining')).toBe('99');
  const { id } = z.looseObject({ id: z.string() }).parse(made.body);
  expect(await shown()).toMatchObject([
    {
      text: 'Warm',
      details: { title: 'Soup', link: 'https://example.com/' },
      media: [{ width: 9, height: 5, alt: 'A bowl' }],
    },
  ]);
  expect((await call(`/v5/boards/${ada.account.id}/pins`)).body).toMatchObject({ items: [{ id }], bookmark: null });
  expect((await call(`/v5/pins/${id}`, { method: 'PATCH', json: { description: 'Hot' } })).status).toBe(200);
  expect(await shown()).toMatchObject([{ text: 'Hot' }]);
  expect((await call(`/v5/pins/${id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await call(`/v5/pins/${id}`, { method: 'DELETE' })).body).toMatchObject({ code: 50 });
});

test.each<[string, object]>([
  ['801 characters', { description: 'é'.repeat(801) }],
  ['a title of 101', { title: 'é'.repeat(101) }],
  ['a link that is none', { link: 'soup' }],
  ['an unknown field', { colour: 'red' }],
  ['a picture that is none', { media_source: { ...image(), data: 'QUJD' } }],
  ['one picture of a carousel', { media_source: { source_type: 'multiple_image_base64', items: [{}] } }],
  [
    'pictures of two sizes',
    {
      media_source: {
        source_type: 'multiple_image_base64',
        items: [1, 2].map((seed) => ({ ...image(seed, 8 + seed), source_type: undefined })),
      },
    },
  ],
  [
    'a video that does not exist',
    { media_source: { source_type: 'video_id', media_id: '1', cover_image_key_frame_time: 0 } },
  ],
])('%s is refused', async (_what, more) => {
  expect(await pin(more)).toMatchObject({
    status: 400,
    body: { code: 1, message: expect.stringMatching(/^Invalid/u) },
  });
  expect(await shown()).toEqual([]);
});

test('boards and sections of others, and those that are not there, are not found', async () => {
  const bob = await sandbox.account('pinterest', 'bob');
  expect(await pin({ board_id: bob.account.id })).toMatchObject({ status: 404, body: { code: 40 } });
  expect(await pin({ board_section_id: '1' })).toMatchObject({ status: 404 });
  const path = `/v5/boards/${ada.account.id}/sections`;
  const { id } = z.looseObject({ id: z.string() }).parse((await call(path, { json: { name: 'Soups' } })).body);
  expect((await call(path)).body).toMatchObject({ items: [{ id, name: 'Soups' }] });
  expect((await pin({ board_section_id: id })).body).toMatchObject({ board_section_id: id });
});

test('what is used up is told with the seconds until it is not', async () => {
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'pinterest', scale: 0.01 } });
  expect((await pin()).status).toBe(201);
  const refused = await pin();
  expect([refused.status, refused.body]).toMatchObject([429, { code: 8 }]);
  expect(Number(refused.headers.get('x-ratelimit-reset'))).toBeGreaterThan(30);
  await sandbox.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'pinterest', scale: 1 } });
});

describe('a video', () => {
  const Registered = z.object({
    media_id: z.string(),
    upload_url: z.url(),
    upload_parameters: z.record(z.string(), z.string()),
  });
  const register = async () => Registered.parse((await call('/v5/media', { json: { media_type: 'video' } })).body);
  const film = new Uint8Array(Buffer.from('\0\0\0\x10ftypisom\0\0\0\0and a film', 'latin1'));
  async function upload(to: z.infer<typeof Registered>, changes: Record<string, string> = {}, headers = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...to.upload_parameters, ...changes })) form.set(name, value);
    form.set('file', new Blob([film], { type: 'video/mp4' }));
    return (await fetch(to.upload_url, { method: 'POST', body: form, headers })).status;
  }
  const statusOf = async (id: string) => (await call(`/v5/media/${id}`)).body;

  test('is uploaded with its fields and without a token, worked on, and shown with a cover', async () => {
    const to = await register();
    expect(await upload(to, { 'x-amz-signature': 'forged' })).toBe(403);
    expect(await upload(to, {}, { authorization: `Bearer ${ada.accessToken}` })).toBe(403);
    expect(await statusOf(to.media_id)).toMatchObject({ status: 'registered' });
    expect(await upload(to)).toBe(204);
    expect(await statusOf(to.media_id)).toMatchObject({ status: 'processing' });
    const source = { source_type: 'video_id', media_id: to.media_id };
    expect((await pin({ media_source: { ...source, cover_image_key_frame_time: 0 } })).status).toBe(400);
    await later(1_000);
    expect((await pin({ media_source: source })).body).toMatchObject({ message: expect.stringContaining('cover') });
    expect((await pin({ media_source: { ...source, cover_image_key_frame_time: 0 } })).status).toBe(201);
    expect(await shown()).toMatchObject([{ media: [{ type: 'video', bytes: film.length }] }]);
  });

  test('has an address that ends', async () => {
    const to = await register();
    await later(3_600_001);
    expect(await upload(to)).toBe(403);
  });
});
