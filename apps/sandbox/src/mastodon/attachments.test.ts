import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('mastodon', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Attachment = z.looseObject({ id: z.string(), url: z.string().nullable() });

async function upload(file: Buffer, type: string, { description = '', account = ada } = {}) {
  const form = new FormData();
  form.set('description', description);
  form.set('file', new Blob([new Uint8Array(file)], { type }), 'file');
  const headers = { authorization: `Bearer ${account.accessToken}` };
  const url = new URL('/api/v2/media', sandbox.running.hosts['mastodon']);
  const answer = await fetch(url, { method: 'POST', headers, body: form });
  const body: unknown = await answer.json();
  return { status: answer.status, body, id: Attachment.safeParse(body).data?.id ?? '' };
}

const post = (json: object, account = ada) =>
  sandbox.mastodon('/api/v1/statuses', { token: account.accessToken, json });

test('the address of a picture serves it to anybody, with the type of its bytes', async () => {
  const file = pngOf(31, 20);
  const { body } = await upload(file, 'image/png');
  const { url } = Attachment.parse(body);
  const answer = await fetch(url ?? '');
  expect(answer.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(file);
  expect((await fetch(`${url}0`)).status).toBe(404);
});

test('pictures are there at once and are shown with their description, also without a text', async () => {
  const file = pngOf(30, 20);
  const { status, id } = await upload(file, 'image/png', { description: 'Grey' });
  expect(status).toBe(200);
  const reply = await post({ media_ids: [id] });
  expect(reply.body).toMatchObject({
    media_attachments: [{ id, type: 'image', description: 'Grey', meta: { original: { width: 30 } } }],
  });
  const posts = await sandbox.send(`/_sandbox/posts?platform=mastodon&account=${ada.account.id}`);
  const sha256 = createHash('sha256').update(file).digest('hex');
  expect(posts.body).toMatchObject({
    items: [{ text: '', media: [{ type: 'image', bytes: file.length, sha256, width: 30, height: 20, alt: 'Grey' }] }],
  });
});

test('a video is worked on for a while: 202, then 206, then 200', async () => {
  const { status, id } = await upload(Buffer.alloc(5000), 'video/mp4');
  expect(status).toBe(202);
  const look = () => sandbox.mastodon(`/api/v1/media/${id}`, { token: ada.accessToken });
  expect(await look()).toMatchObject({ status: 206, body: { url: null } });
  expect((await post({ status: 'Early', media_ids: [id] })).body).toMatchObject({
    error: expect.stringContaining('not finished processing'),
  });
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 1_000 } });
  expect(await look()).toMatchObject({ status: 200, body: { url: expect.any(String) } });
  const picture = await upload(pngOf(3, 3), 'image/png');
  expect((await post({ status: 'Mixed', media_ids: [picture.id, id] })).status).toBe(422);
  expect((await post({ status: 'Film', media_ids: [id] })).status).toBe(200);
});

test('a file of somebody else, used before, expired or of another type is refused', async () => {
  const bob = await sandbox.account('mastodon', 'bob');
  const { id } = await upload(pngOf(3, 3), 'image/png');
  const missing = { status: 422, body: { error: expect.stringContaining('not found or already attached') } };
  expect(await post({ status: 'Not mine', media_ids: [id] }, bob)).toMatchObject(missing);
  expect((await post({ status: 'Mine', media_ids: [id] })).status).toBe(200);
  expect(await post({ status: 'Again', media_ids: [id] })).toMatchObject(missing);
  const old = await upload(pngOf(3, 3), 'image/png');
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 25 * 3_600_000 } });
  expect(await post({ status: 'Too late', media_ids: [old.id] })).toMatchObject(missing);
  expect((await upload(Buffer.from('text'), 'text/plain')).status).toBe(422);
  expect((await upload(Buffer.from('no picture'), 'image/png')).status).toBe(422);
  expect((await upload(pngOf(3, 3), 'image/png', { description: 'x'.repeat(1501) })).status).toBe(422);
});
