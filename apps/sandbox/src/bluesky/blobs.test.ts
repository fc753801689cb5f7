import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestAccount, type TestSandbox } from '../testing/test-sandbox.ts';

let sandbox: TestSandbox;
let ada: TestAccount;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  ada = await sandbox.account('bluesky', 'ada');
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const Blob = z.object({
  blob: z.looseObject({ ref: z.object({ $link: z.string() }), mimeType: z.string(), size: z.number() }),
});

async function upload(file: Buffer, type: string, account = ada) {
  const url = new URL('/xrpc/com.atproto.repo.uploadBlob', sandbox.running.hosts['bluesky']);
  const headers = { authorization: `Bearer ${account.accessToken}`, 'content-type': type };
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(file) });
  return { status: answer.status, blob: Blob.safeParse(await answer.json()).data?.blob };
}

const post = (embed: object, account = ada) =>
  sandbox.bluesky('com.atproto.repo.createRecord', {
    token: account.accessToken,
    json: {
      repo: account.account.id,
      collection: 'app.bsky.feed.post',
      record: { text: 'Look', createdAt: new Date().toISOString(), embed },
    },
  });
const images = (...list: object[]) => ({ $type: 'app.bsky.embed.images', images: list });

test('the type of a blob is what its bytes say', async () => {
  expect((await upload(pngOf(4, 4), 'image/jpeg')).blob?.mimeType).toBe('image/png');
  expect((await upload(pngOf(4, 5), 'application/octet-stream')).blob?.mimeType).toBe('image/png');
  expect((await upload(Buffer.from('text'), 'application/octet-stream')).blob?.mimeType).toBe(
    'application/octet-stream',
  );
});

test('pictures are shown with size, digest and description; the same bytes are the same blob', async () => {
  const file = pngOf(20, 10);
  const { blob } = await upload(file, 'image/png');
  expect((await upload(file, 'image/png')).blob).toEqual(blob);
  expect(blob?.ref.$link).toMatch(/^bafkrei[a-z2-7]{52}$/u);
  expect((await post(images({ image: blob, alt: 'Grey' }, { image: blob, alt: '' }))).status).toBe(200);
  const posts = await sandbox.send(`/_sandbox/posts?platform=bluesky&account=${ada.account.id}`);
  const shown = {
    type: 'image',
    bytes: file.length,
    sha256: createHash('sha256').update(file).digest('hex'),
    width: 20,
    height: 10,
  };
  expect(posts.body).toMatchObject({
    items: [
      {
        media: [
          { ...shown, alt: 'Grey' },
          { ...shown, alt: null },
        ],
      },
    ],
  });
});

test('a blob that is not there, of somebody else, too large or told wrongly is refused', async () => {
  const { blob } = await upload(pngOf(3, 3), 'image/png');
  const bob = await sandbox.account('bluesky', 'bob');
  expect((await post(images({ image: blob, alt: '' }), bob)).body).toMatchObject({ error: 'BlobNotFound' });
  expect((await post(images({ image: { ...blob, size: 1 }, alt: '' }))).body).toMatchObject({ error: 'InvalidSize' });
  expect((await post(images({ image: { ...blob, mimeType: 'image/jpeg' }, alt: '' }))).body).toMatchObject({
    error: 'InvalidMimeType',
  });
  const large = await upload(Buffer.alloc(2_000_001), 'image/png');
  expect((await post(images({ image: large.blob, alt: '' }))).body).toMatchObject({
    message: expect.stringContaining('blob too big'),
  });
  const video = await upload(Buffer.alloc(100), 'video/mp4');
  expect((await post(images({ image: video.blob, alt: '' }))).status).toBe(400);
  expect((await post({ $type: 'app.bsky.embed.video', video: video.blob, alt: 'Film' })).status).toBe(200);
});

test('each account has a thousand uploads a day, and is told when it may go on', async () => {
  await using scaled = await startTestSandbox();
  await scaled.send('/_sandbox/limits', { method: 'PUT', json: { platform: 'bluesky', scale: 0.003 } });
  const headers = { 'content-type': 'image/png' };
  const add = async (handle: string) => {
    const { accessToken } = await scaled.account('bluesky', handle);
    const url = new URL('/xrpc/com.atproto.repo.uploadBlob', scaled.running.hosts['bluesky']);
    const authorization = `Bearer ${accessToken}`;
    return fetch(url, { method: 'POST', headers: { ...headers, authorization }, body: new Uint8Array(pngOf(3, 3)) });
  };
  for (let count = 0; count < 3; count += 1) expect((await add('busy')).status).toBe(200);
  const refused = await add('busy');
  expect([refused.status, refused.headers.get('ratelimit-limit')]).toEqual([429, '3']);
  expect(await refused.json()).toMatchObject({ error: 'RateLimitExceeded' });
  expect((await add('calm')).status).toBe(200);
});

test('nobody uploads without a session, and no more than the server takes', async () => {
  expect((await upload(pngOf(3, 3), 'image/png', { ...ada, accessToken: 'none' })).status).toBe(400);
  expect((await upload(Buffer.alloc(50_000_001), 'video/mp4')).status).toBe(413);
});
