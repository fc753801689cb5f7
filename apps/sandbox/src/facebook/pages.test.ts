import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
let page: string;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('facebook', 'ada');
  page = ada.account.id;
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Id = z.looseObject({ id: z.string() });
const v = (path: string) => `/graph/v25.0/${path}`;
const post = (path: string, form: Record<string, string>, token = ada.accessToken) =>
  sandbox.send(v(path), { token, form });
const read = async (path: string, token = ada.accessToken) => (await sandbox.send(v(path), { token })).body;
const visible = async (account = page) =>
  z
    .object({ items: z.array(z.looseObject({ id: z.string(), text: z.string(), media: z.array(z.unknown()) })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=facebook&account=${account}`)).body).items;
const fault = (body: unknown) =>
  z.object({ error: z.looseObject({ code: z.int(), error_subcode: z.int().optional() }) }).parse(body).error;
async function upload(path: string, fields: Record<string, string>, name: string, file: Buffer) {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  form.set(name, new Blob([new Uint8Array(file)], { type: 'application/octet-stream' }), 'file');
  const headers = { authorization: `Bearer ${ada.accessToken}` };
  const answer = await fetch(new URL(v(path), sandbox.running.url), { method: 'POST', body: form, headers });
  return z.looseObject({}).parse(await answer.json());
}
const movie = (bytes: number) =>
  Buffer.concat([Buffer.from('\0\0\0\x10ftypisom', 'latin1'), Buffer.alloc(bytes - 12, 7)]);

describe('a post in two phases', () => {
  test('is seen by nobody until it is published, and publishing it again changes nothing', async () => {
    const { id } = Id.parse((await post(`${page}/feed`, { message: 'Two phases', published: 'false' })).body);
    expect(id).toMatch(new RegExp(`^${page}_\\d+$`, 'u'));
    expect(await visible()).toEqual([]);
    expect(await read(`${id}?fields=is_published,message`)).toMatchObject({
      is_published: false,
      message: 'Two phases',
    });
    for (const _ of [1, 2]) expect((await post(id, { is_published: 'true' })).body).toEqual({ success: true });
    expect(await visible()).toMatchObject([{ id, text: 'Two phases' }]);
    expect(await read(`${id}?fields=is_published,permalink_url`)).toMatchObject({ is_published: true });
    expect(fault((await post(id, { is_published: 'false' })).body).code).toBe(100);
  });

  test('shows its photos in order, and a photo once', async () => {
    const ids = [];
    for (const seed of [1, 2]) {
      const fields = { published: 'false', alt_text_custom: `Photo ${seed}` };
      ids.push(Id.parse(await upload(`${page}/photos`, fields, 'source', pngOf(20, 10, seed))).id);
    }
    const attached = Object.fromEntries(
      ids.map((id, at) => [`attached_media[${at}]`, JSON.stringify({ media_fbid: id })]),
    );
    const draft = Id.parse((await post(`${page}/feed`, { ...attached, published: 'false' })).body);
    await post(draft.id, { is_published: 'true' });
    const [shown] = await visible();
    expect(shown).toMatchObject({
      id: draft.id,
      media: [
        { alt: 'Photo 1', width: 20 },
        { alt: 'Photo 2', width: 20 },
      ],
    });
    const again = await post(`${page}/feed`, { ...attached, published: 'false' });
    expect(fault(again.body)).toMatchObject({ code: 100, error_subcode: 1_366_051 });
  });
});

test('the same words twice in a row are a duplicate, with something between them they are not', async () => {
  const say = (message: string) => post(`${page}/feed`, { message });
  expect((await say('Once')).status).toBe(200);
  expect(fault((await say('Once')).body).code).toBe(506);
  await say('Between');
  expect((await say('Once')).status).toBe(200);
});

test('what can never be posted is refused', async () => {
  const codeOf = async (form: Record<string, string>) => fault((await post(`${page}/feed`, form)).body);
  expect((await codeOf({})).code).toBe(100);
  expect((await codeOf({ message: 'x', link: 'nonsense' })).error_subcode).toBe(2_061_006);
  expect((await codeOf({ message: 'x', link: 'https://nowhere.invalid/' })).code).toBe(1_609_005);
  expect((await codeOf({ message: 'é'.repeat(63_207) })).code).toBe(100);
  const text = await upload(`${page}/photos`, { published: 'false' }, 'source', Buffer.from('no picture'));
  expect(fault(text).code).toBe(324);
});

describe('a video', () => {
  test('comes in pieces that follow each other, and is processed before it is ready', async () => {
    const file = movie(5_000_000);
    const begun = z
      .object({ upload_session_id: z.string(), video_id: z.string(), start_offset: z.string(), end_offset: z.string() })
      .parse((await post(`${page}/videos`, { upload_phase: 'start', file_size: String(file.length) })).body);
    const session = { upload_session_id: begun.upload_session_id };
    const send = (start: number, end: number) =>
      upload(
        `${page}/videos`,
        { upload_phase: 'transfer', ...session, start_offset: String(start) },
        'video_file_chunk',
        file.subarray(start, end),
      );
    expect(fault((await post(`${page}/videos`, { upload_phase: 'finish', ...session })).body).code).toBe(6000);
    expect(await send(0, Number(begun.end_offset))).toEqual({ start_offset: begun.end_offset, end_offset: '5000000' });
    expect(await send(0, 100)).toMatchObject({ error: { code: 6001, error_data: { start_offset: begun.end_offset } } });
    await send(Number(begun.end_offset), file.length);
    const finish = { upload_phase: 'finish', ...session, description: 'A film' };
    expect((await post(`${page}/videos`, finish)).body).toEqual({ success: true });
    const status = () => read(`${begun.video_id}?fields=status,post_id`);
    expect(await status()).toMatchObject({ status: { video_status: 'processing' } });
    await sandbox.send('/_sandbox/clock', { json: { advanceMs: 5_000 } });
    expect(await status()).toMatchObject({ status: { video_status: 'ready' } });
    expect((await visible())[0]).toMatchObject({ text: 'A film', media: [{ type: 'video', bytes: 5_000_000 }] });
    expect(fault((await post(`${page}/videos`, finish)).body).code).toBe(6000);
  });

  test('as a reel goes to the host for bytes, and what no player opens is refused when it is looked at', async () => {
    const begin = async () =>
      z
        .object({ video_id: z.string(), upload_url: z.string() })
        .parse((await post(`${page}/video_reels`, { upload_phase: 'start' })).body);
    const put = (url: string, file: Buffer, headers: Record<string, string> = {}) =>
      fetch(url, {
        method: 'POST',
        body: new Uint8Array(file),
        headers: {
          authorization: `OAuth ${ada.accessToken}`,
          'content-type': 'application/octet-stream',
          offset: '0',
          file_size: String(file.length),
          ...headers,
        },
      });
    const finish = (id: string) =>
      post(`${page}/video_reels`, {
        upload_phase: 'finish',
        video_id: id,
        video_state: 'PUBLISHED',
        description: 'A reel',
      });

    const good = await begin();
    expect((await put(good.upload_url, movie(7_000_000))).status).toBe(200);
    expect((await finish(good.video_id)).body).toMatchObject({ success: true, post_id: expect.any(String) });
    expect((await visible())[0]).toMatchObject({ text: 'A reel', media: [{ bytes: 7_000_000 }] });

    const bad = await begin();
    await put(bad.upload_url, Buffer.from('no film'));
    expect((await finish(bad.video_id)).body).toEqual({ success: true });
    await sandbox.send('/_sandbox/clock', { json: { advanceMs: 5_000 } });
    expect(await read(`${bad.video_id}?fields=status`)).toMatchObject({
      status: { video_status: 'error', processing_phase: { status: 'error' } },
    });
    expect((await visible())[0]).toMatchObject({ text: 'A reel' });
  });
});

test('comments stand below their post, newest or oldest first', async () => {
  const { id } = Id.parse((await post(`${page}/feed`, { message: 'Talk about it' })).body);
  for (const message of ['One', 'Two']) await post(`${id}/comments`, { message });
  expect(await read(`${id}/comments`)).toMatchObject({
    data: [{ message: 'One', from: { id: page } }, { message: 'Two' }],
  });
  expect(await read(`${id}/comments?order=reverse_chronological`)).toMatchObject({ data: [{ message: 'Two' }, {}] });
});

test('what was deleted is gone', async () => {
  const { id } = Id.parse((await post(`${page}/feed`, { message: 'Short-lived' })).body);
  const remove = () => sandbox.send(v(id), { method: 'DELETE', token: ada.accessToken });
  expect((await remove()).body).toEqual({ success: true });
  expect(fault((await remove()).body)).toMatchObject({ code: 100, error_subcode: 33 });
  expect(fault(await read(id))).toMatchObject({ code: 100, error_subcode: 33 });
});

test('an unknown path, version and field are told in the platform’s own words', async () => {
  expect(await read('me/nonsense/more')).toMatchObject({ error: { code: 2500, fbtrace_id: expect.any(String) } });
  expect((await sandbox.send('/graph/v99.0/me', { token: ada.accessToken })).status).toBe(404);
  expect(fault(await read('me?fields=nonsense')).code).toBe(100);
});

test('another page’s token opens nothing, and every answer tells what is used', async () => {
  const bob = await sandbox.account('facebook', 'bob');
  expect(fault((await post(`${page}/feed`, { message: 'x' }, bob.accessToken)).body).code).toBe(200);
  const answer = await post(`${bob.account.id}/feed`, { message: 'x' }, bob.accessToken);
  expect(JSON.parse(answer.headers.get('x-business-use-case-usage') ?? '')).toMatchObject({
    [bob.account.id]: [{ type: 'pages', call_count: 0, estimated_time_to_regain_access: 0 }],
  });
});
