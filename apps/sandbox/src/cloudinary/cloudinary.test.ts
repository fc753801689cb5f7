import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

async function call(path: string, params: Record<string, string>, file?: Buffer) {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  if (file !== undefined) form.append('file', new Blob([new Uint8Array(file)]), 'file');
  const answer = await fetch(new URL(`/cloudinary/v1_1/sandbox/${path}`, sandbox.running.url), {
    method: 'POST',
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
