import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
let bob: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('x', 'ada');
  bob = await sandbox.account('x', 'bob');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Media = z.object({
  data: z.looseObject({
    id: z.string(),
    media_key: z.string(),
    processing_info: z.looseObject({ state: z.string() }).optional(),
  }),
});
const api = (path: string, json?: unknown, token = ada.accessToken) =>
  sandbox.send(`/x/2/${path}`, json === undefined ? { token, method: 'POST' } : { token, json });
const mediaOf = (body: unknown) => Media.parse(body).data;
const upload = async (file: Buffer, token?: string) =>
  mediaOf((await api('media/upload', { media: file.toString('base64'), media_category: 'tweet_image' }, token)).body);
const tweet = (text: string, ids: readonly string[], token?: string) =>
  api('tweets', { text, media: { media_ids: ids } }, token);
const sha256 = (file: Buffer) => createHash('sha256').update(file).digest('hex');
const newest = async (account: TestAccount) =>
  z
    .object({ items: z.array(z.object({ text: z.string(), media: z.array(z.unknown()) })) })
    .parse((await sandbox.send(`/_sandbox/posts?platform=x&account=${account.account.id}`)).body).items[0];

test('pictures are shown in their order, with their size, digest and description, and reading names their keys', async () => {
  const files = [1, 2, 3, 4].map((seed) => pngOf(10 * seed, 8, seed));
  const media = await Promise.all(files.map((file) => upload(file)));
  const [first] = media;
  const metadata = { id: first?.id, metadata: { alt_text: { text: 'A small grey thing' } } };
  expect((await api('media/metadata', metadata)).status).toBe(200);
  const reply = await tweet(
    'Four',
    media.map(({ id }) => id),
  );
  expect(reply.status).toBe(201);

  const post = await newest(ada);
  expect(post?.media).toEqual(
    files.map((file, index) => ({
      type: 'image',
      bytes: file.length,
      sha256: sha256(file),
      width: 10 * (index + 1),
      height: 8,
      alt: index === 0 ? 'A small grey thing' : null,
      orientation: 1,
      metadata: [],
    })),
  );
  const { id } = z.object({ data: z.object({ id: z.string() }) }).parse(reply.body).data;
  const read = await sandbox.send(`/x/2/tweets/${id}?tweet.fields=attachments,entities`, { token: ada.accessToken });
  expect(read.body).toMatchObject({
    data: {
      text: expect.stringMatching(/^Four https:\/\/t\.co\//u),
      attachments: { media_keys: media.map((one) => one.media_key) },
    },
  });
  const expanded = `expansions=attachments.media_keys&media.fields=width,height,alt_text,url`;
  expect((await sandbox.send(`/x/2/tweets/${id}?${expanded}`, { token: ada.accessToken })).body).toMatchObject({
    data: { attachments: {} },
    includes: {
      media: media.map((one, index) => ({
        media_key: one.media_key,
        type: 'photo',
        width: 10 * (index + 1),
        height: 8,
        ...(index === 0 ? { alt_text: 'A small grey thing' } : {}),
      })),
    },
  });
});

test('a video comes in segments, is processed for a while, and is the sum of its segments', async () => {
  const [head, tail] = [Buffer.alloc(700_000, 1), Buffer.alloc(300_000, 2)];
  const whole = Buffer.concat([head, tail]);
  const wanted = { media_type: 'video/mp4', total_bytes: whole.length, media_category: 'tweet_video' };
  const { id } = mediaOf((await api('media/upload/initialize', wanted)).body);
  const append = (index: number, bytes: Buffer) => {
    const form = new FormData();
    form.set('segment_index', String(index));
    form.set('media', new Blob([new Uint8Array(bytes)]), 'segment');
    const headers = { authorization: `Bearer ${ada.accessToken}` };
    return fetch(new URL(`/x/2/media/upload/${id}/append`, sandbox.running.url), {
      method: 'POST',
      headers,
      body: form,
    });
  };
  expect((await append(1, tail)).status).toBe(200);
  expect((await api(`media/upload/${id}/finalize`)).status).toBe(400);
  expect((await append(0, head)).status).toBe(200);
  expect((await append(0, head)).status).toBe(200);
  const finalized = mediaOf((await api(`media/upload/${id}/finalize`)).body);
  expect(finalized.processing_info?.state).toBe('pending');
  expect((await tweet('Too early', [id])).status).toBe(400);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 5_000 } });
  const status = await sandbox.send(`/x/2/media/upload?command=STATUS&media_id=${id}`, { token: ada.accessToken });
  expect(mediaOf(status.body).processing_info?.state).toBe('succeeded');
  expect((await tweet('A film', [id])).status).toBe(201);
  expect((await newest(ada))?.media).toMatchObject([{ type: 'video', bytes: whole.length, sha256: sha256(whole) }]);
});

test('media of somebody else, unknown, used twice in a post or expired are refused', async () => {
  const own = await upload(pngOf(5, 5, 9));
  const foreign = await upload(pngOf(5, 5, 9), bob.accessToken);
  const refused = async (ids: readonly string[]) => (await tweet('Refused', ids)).body;
  const invalid = { errors: [{ message: 'Your media IDs are invalid.' }] };
  expect(await refused([foreign.id])).toMatchObject(invalid);
  expect(await refused(['123'])).toMatchObject(invalid);
  expect(await refused([own.id, own.id])).toMatchObject(invalid);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 3_600_000 } });
  const kept = await sandbox.account('x', 'ada');
  expect((await tweet('An hour later', [own.id], kept.accessToken)).status).toBe(201);
  await sandbox.send('/_sandbox/clock', { json: { advanceMs: 24 * 3_600_000 } });
  ada = await sandbox.account('x', 'ada');
  expect(await refused([own.id])).toMatchObject(invalid);
});

test('what is too large, of another type or not a picture is refused', async () => {
  const begin = async (wanted: object) => (await api('media/upload/initialize', wanted)).status;
  const image = { media_type: 'image/png', total_bytes: 5 * 1024 * 1024, media_category: 'tweet_image' };
  expect(await begin(image)).toBe(200);
  expect(await begin({ ...image, total_bytes: image.total_bytes + 1 })).toBe(400);
  expect(await begin({ ...image, media_type: 'video/mp4' })).toBe(400);
  const text = Buffer.from('not a picture').toString('base64');
  expect((await api('media/upload', { media: text, media_category: 'tweet_image' })).status).toBe(400);
});
