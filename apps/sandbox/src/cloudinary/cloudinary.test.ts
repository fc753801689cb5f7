import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pngOf } from '../testing/test-files.ts';
import { startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';
import { sandboxAccount } from './account.ts';

const picture = Buffer.from('89504e470d0a1a0a00000000', 'hex');

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

/** By the documents: the parameters in the order of their names, then the secret, SHA-1. */
function signed(params: Record<string, string>, secret: string = sandboxAccount.apiSecret): Record<string, string> {
  const text = Object.keys(params)
    .toSorted()
    .map((name) => `${name}=${params[name]}`)
    .join('&');
  const signature = createHash('sha1')
    .update(text + secret)
    .digest('hex');
  return { ...params, api_key: sandboxAccount.apiKey, signature };
}

async function call(path: string, params: Record<string, string>, file?: Buffer, headers: Record<string, string> = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  if (file !== undefined) form.append('file', new Blob([new Uint8Array(file)]), 'file');
  const answer = await fetch(new URL(`/cloudinary/v1_1/sandbox/${path}`, sandbox.running.url), {
    method: 'POST',
    headers,
    body: form,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

function deliveryPath(publicId: string, transformation = ''): string {
  const path = transformation === '' ? publicId : `${transformation}/${publicId}`;
  const signature = createHash('sha1')
    .update(path + sandboxAccount.apiSecret)
    .digest('base64url')
    .slice(0, 8);
  return `/cloudinary/sandbox/image/upload/s--${signature}--/${transformation === '' ? '' : `${transformation}/`}v1/${publicId}`;
}

const usage = (secret: string) =>
  sandbox.send('/cloudinary/v1_1/sandbox/usage', {
    headers: { authorization: `Basic ${Buffer.from(`${sandboxAccount.apiKey}:${secret}`).toString('base64')}` },
  });

test('a signed upload is kept over a restart and delivered by a signed address until it is destroyed', async () => {
  const params = { public_id: 'folder/one', timestamp: '1', overwrite: '1' };
  expect(await call('image/upload', signed(params), picture)).toMatchObject({
    status: 200,
    body: { public_id: 'folder/one', bytes: picture.length },
  });
  await sandbox.restart();
  const delivered = await sandbox.send(deliveryPath('folder/one'));
  expect([delivered.status, delivered.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect((await sandbox.send(deliveryPath('folder/one', 'c_limit,w_100'))).status).toBe(200);
  expect((await usage(sandboxAccount.apiSecret)).body).toMatchObject({ storage: { usage: picture.length } });
  const destroy = signed({ public_id: 'folder/one', timestamp: '1' });
  expect(await call('image/destroy', destroy)).toMatchObject({ status: 200, body: { result: 'ok' } });
  expect(await call('image/destroy', destroy)).toMatchObject({ status: 200, body: { result: 'not found' } });
  expect((await sandbox.send(deliveryPath('folder/one'))).status).toBe(404);
});

test('without the secret nothing is kept, delivered, destroyed or told', async () => {
  const params = { public_id: 'two', timestamp: '1' };
  expect(await call('image/upload', signed(params, 'wrong'), picture)).toMatchObject({ status: 401 });
  expect(await call('image/upload', { ...signed(params), public_id: 'three' }, picture)).toMatchObject({ status: 401 });
  expect(await call('image/upload', signed(params), picture)).toMatchObject({ status: 200 });
  expect((await sandbox.send(deliveryPath('two').replace(/s--.{8}--/, 's--AAAAAAAA--'))).status).toBe(404);
  expect(await call('image/destroy', signed(params, 'wrong'))).toMatchObject({ status: 401 });
  expect((await usage('wrong')).status).toBe(401);
  expect((await sandbox.send(deliveryPath('two'))).status).toBe(200);
});

test('what is no picture is refused, and no part of a refused upload stays', async () => {
  const params = signed({ public_id: 'page', timestamp: '1' });
  expect(await call('image/upload', params, Buffer.from('<html>'))).toMatchObject({
    status: 400,
    body: { error: { message: 'Invalid image file' } },
  });
  expect(await call('image/upload', params)).toMatchObject({ status: 400 });
  const files = await readdir(join(sandbox.dataDir, 'sandbox/cloudinary'));
  expect(files.filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('an unknown route is answered in Cloudinary’s shape and counted', async () => {
  const reply = await sandbox.send('/cloudinary/v1_1/sandbox/nothing', { method: 'POST' });
  expect(reply).toMatchObject({ status: 404, body: { error: { message: 'Resource not found' } } });
  expect(JSON.stringify((await sandbox.send('/_sandbox/stats')).body)).toContain('/cloudinary/v1_1/sandbox/nothing');
});

const picture7 = pngOf(7, 5);
const fetched = async (url: unknown) => {
  const answer = await fetch(String(url));
  return { type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
};

test('an answer has the documented fields, and its address serves the file', async () => {
  const answer = await call(
    'image/upload',
    signed({ folder: 'summer/2026', public_id: 'beach', timestamp: '1' }),
    picture7,
  );
  expect(answer).toMatchObject({
    status: 200,
    body: {
      asset_id: expect.stringMatching(/^[\da-f]{32}$/),
      public_id: 'summer/2026/beach',
      folder: 'summer/2026',
      version: expect.any(Number),
      signature: expect.stringMatching(/^[\da-f]{40}$/),
      width: 7,
      height: 5,
      format: 'png',
      resource_type: 'image',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      tags: [],
      bytes: picture7.length,
      type: 'upload',
      etag: createHash('md5').update(picture7).digest('hex'),
      placeholder: false,
      secure_url: expect.stringMatching(/\/image\/upload\/v\d+\/summer\/2026\/beach\.png$/),
      original_filename: 'file',
    },
  });
  expect(await fetched(answer.body['url'])).toEqual({ type: 'image/png', bytes: picture7 });
});

test('without an id one is chosen, in the folder, and `auto` finds the kind by the bytes', async () => {
  const upload = async (file: Buffer) =>
    (await call('auto/upload', signed({ folder: 'f', timestamp: '1' }), file)).body;
  expect(await upload(picture7)).toMatchObject({
    resource_type: 'image',
    public_id: expect.stringMatching(/^f\/[\da-z]{20}$/),
  });
  expect(await upload(movieOf(640, 360, 12_500))).toMatchObject({
    resource_type: 'video',
    format: 'mp4',
    width: 640,
    height: 360,
    duration: 12.5,
  });
  const page = await upload(Buffer.from('<html>'));
  expect(page).toMatchObject({ resource_type: 'raw', bytes: 6 });
  expect((await fetched(page['url'])).bytes.toString()).toBe('<html>');
  expect(await call('video/upload', signed({ timestamp: '1' }), picture7)).toMatchObject({ status: 400 });
});

test('a file may be a data URI or an address', async () => {
  const params = signed({ public_id: 'text', timestamp: '1' });
  const file = `data:image/png;base64,${picture7.toString('base64')}`;
  const first = await call('image/upload', { ...params, file });
  expect(first).toMatchObject({ status: 200, body: { bytes: picture7.length, width: 7, format: 'png' } });
  const again = { ...signed({ public_id: 'copy', timestamp: '1' }), file: String(first.body['url']) };
  expect(await call('image/upload', again)).toMatchObject({ status: 200, body: { public_id: 'copy', width: 7 } });
  for (const nothing of [`${String(first.body['url'])}.gone/nothing`, 'data:image/png', 'C:\\picture.png'])
    expect(await call('image/upload', { ...params, file: nothing })).toMatchObject({ status: 400 });
});

describe('in pieces', () => {
  const whole = Buffer.concat([picture7, Buffer.alloc(12_000_000 - picture7.length, 3)]);
  const params = signed({ public_id: 'large', timestamp: '1' });
  const piece = (first: number, end: number, id: string, total = whole.length) =>
    call('image/upload', params, whole.subarray(first, end), {
      'content-range': `bytes ${first}-${end - 1}/${total}`,
      'x-unique-upload-id': id,
    });

  test('twelve megabytes in two pieces are one asset of twelve, in either order', async () => {
    expect(await piece(0, 6_000_000, 'one')).toMatchObject({ status: 200, body: { done: false, bytes: 6_000_000 } });
    expect(await call('image/destroy', params)).toMatchObject({ body: { result: 'not found' } });
    const done = await piece(6_000_000, 12_000_000, 'one');
    expect(done).toMatchObject({
      status: 200,
      body: { done: true, bytes: 12_000_000, width: 7, etag: createHash('md5').update(whole).digest('hex') },
    });
    expect((await fetched(done.body['url'])).bytes.equals(whole)).toBe(true);
    expect(await piece(6_000_000, 12_000_000, 'two')).toMatchObject({ body: { done: false } });
    expect(await piece(0, 6_000_000, 'two')).toMatchObject({ body: { done: true, bytes: 12_000_000 } });
  });

  test('a small piece that is not the last, a wrong range and one without a name are refused', async () => {
    expect(await piece(0, 1_000_000, 'three')).toMatchObject({
      status: 400,
      body: { error: { message: 'All parts except EOF-chunk must be larger than 5mb' } },
    });
    expect(await piece(0, 6_000_000, '')).toMatchObject({ status: 400 });
    expect(await piece(0, 6_000_000, 'four', 5_000_000)).toMatchObject({ status: 400 });
  });
});

/** An MP4 of nothing but an index. */
function movieOf(width: number, height: number, durationMs: number): Buffer {
  const box = (type: string, ...content: Buffer[]) => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length + 8, 0);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1_000, 12);
  header.writeUInt32BE(durationMs, 16);
  const track = Buffer.alloc(84);
  track.writeUInt16BE(width, 76);
  track.writeUInt16BE(height, 80);
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\0\0isom')),
    box('mdat', Buffer.alloc(20)),
    box('moov', box('mvhd', header), box('trak', box('tkhd', track))),
  ]);
}
