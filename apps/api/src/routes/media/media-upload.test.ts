import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Media } from '@vibetribe/contracts/media';
import { killInspectors } from '@vibetribe/media/fixtures/inspector-pids';
import { jpeg, phoneJpeg, png } from '@vibetribe/media/fixtures/test-images';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { describe, expect, test } from 'vitest';
import { api, token, origin, filesIn, send } from './test-media.ts';

describe('POST /media/upload', () => {
  test('201 with the media, whose address serves the same bytes to anybody', async () => {
    const file = await jpeg();
    const { status, json } = await send('upload', [
      ['alt', 'A view'],
      ['file', file, 'Photo.JPG', 'image/jpeg'],
    ]);
    expect(status).toBe(201);
    const media = Media.parse(json);
    expect(media).toMatchObject({
      type: 'image',
      mimeType: 'image/jpeg',
      width: 320,
      height: 200,
      bytes: file.length,
      alt: 'A view',
    });
    const answer = await fetch(media.url);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(file);
    expect(await filesIn('incoming')).toEqual([]);
  });

  test.each([
    ['Dr.Smith', ''],
    ['IMG_1.HEIC', 'image/heic'],
    ['a.png', 'image/png'],
    ['a', 'image/*'],
    ['a.jpg', 'binary/octet-stream'],
    ['a.3gp', 'video/3gpp'],
    ['a.jpg.html', 'text/html; charset=utf-8'],
    ['a.json', 'application/json'],
  ])('the name %s and the type %s do not matter: the bytes are those of a JPEG', async (name, type) => {
    const answer = await send('upload', [['file', await jpeg(), name, type]]);
    expect(answer).toMatchObject({ status: 201, json: { mimeType: 'image/jpeg', width: 320 } });
  });

  test.each([
    ['no name', 'Content-Disposition: form-data; name="file"\r\nContent-Type: image/jpeg'],
    ['neither name nor type', 'Content-Disposition: form-data; name="file"'],
    ['an empty name', 'Content-Disposition: form-data; name="file"; filename=""'],
    ['a name of another spelling', `content-disposition: form-data; name=file; filename*=UTF-8''%E2%82%AC%20rates.jpg`],
    ['a path of Windows', 'Content-Disposition: form-data; name="file"; filename="C:\\a\\b;c.jpg"\r\nContent-Type: x'],
    ['a type that is none', 'Content-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: ;;'],
    [
      'headers nobody needs',
      'CONTENT-TYPE: application/x-www-form-urlencoded\r\nContent-Transfer-Encoding: binary\r\nX-A: b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"',
    ],
  ])('a good file is taken with %s', async (_what, headers) => {
    const body = Buffer.concat([Buffer.from(`--x\r\n${headers}\r\n\r\n`), await jpeg(), Buffer.from('\r\n--x--\r\n')]);
    const answer = await fetch(`${origin()}/api/v1/media/upload`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(await answer.json()).toMatchObject({ mimeType: 'image/jpeg', width: 320 });
    expect(answer.status).toBe(201);
  });

  test('the alternative text may come behind the file', async () => {
    const { json } = await send('upload', [
      ['file', await jpeg(), 'a.jpg'],
      ['alt', 'Later'],
    ]);
    expect(json).toMatchObject({ alt: 'Later' });
  });

  test.each([
    ['a page named as a picture', 415, 'unsupported_media_type', Buffer.from('<html><script>'), 'a.jpg', ''],
    ['a picture of more than 10 MB', 413, 'payload_too_large', Buffer.alloc(11_000_000), 'a.jpg', ''],
    ['nothing', 422, 'validation_failed', Buffer.alloc(0), 'a.jpg', ''],
  ])('%s is answered %i', async (_, status, code, content, name, type) => {
    const file = content.length > 100 ? Buffer.concat([await jpeg(), content]) : content;
    const answer = await send('upload', [['file', file, name, type]]);
    expect(answer).toMatchObject({ status, json: { code } });
    expect(await filesIn('incoming')).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'where the helper processes die again and again, it is 503 with Retry-After, and later the same file is taken',
    async () => {
      // So large that no process is done with it before it dies.
      const file = await phoneJpeg(4_000, 3_000, 6);
      const uploading = send('upload', [['file', file, 'a.jpg']]);
      let isOver = false;
      void uploading.finally(() => (isOver = true));
      while (!isOver) {
        await killInspectors(process.pid);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const refused = await uploading;
      expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await filesIn('incoming')).toEqual([]);
      expect(await send('upload', [['file', file, 'a.jpg']])).toMatchObject({ status: 201 });
    },
  );

  test('a broken picture is 422 and names the file', async () => {
    const answer = await send('upload', [['file', (await jpeg()).subarray(0, 5000), 'a.jpg']]);
    expect(answer).toMatchObject({ status: 422, json: { code: 'validation_failed', errors: [{ path: 'file' }] } });
  });

  test('no file, an unknown field, two files and another body are refused, and nothing of them stays', async () => {
    const file = await jpeg();
    expect(await send('upload', [['alt', 'x']])).toMatchObject({ status: 422, json: { errors: [{ path: 'file' }] } });
    expect(await send('upload', [['picture', file, 'a.jpg']])).toMatchObject({
      status: 422,
      json: { errors: [{ path: 'picture' }] },
    });
    expect(
      await send('upload', [
        ['file', file, 'a.jpg'],
        ['file', file, 'b.jpg'],
      ]),
    ).toMatchObject({ status: 413 });
    expect(
      await send('upload', [
        ['file', file, 'a.jpg'],
        ['alt', 'x'.repeat(30_000)],
      ]),
    ).toMatchObject({ status: 422, json: { errors: [{ path: 'alt' }] } });
    expect(await api.call('POST', '/api/v1/media/upload', { token, body: {} })).toMatchObject({ status: 415 });
    const broken = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(
      await api.call('POST', '/api/v1/media/upload', { token, body: '--x\r\nnothing', headers: broken }),
    ).toMatchObject({ status: 400 });
    const boundless = { 'content-type': 'multipart/form-data' };
    expect(await api.call('POST', '/api/v1/media/upload', { token, body: 'x', headers: boundless })).toMatchObject({
      status: 400,
    });
    expect(await filesIn('incoming')).toEqual([]);
  });

  test('without credentials nothing is read; a viewer may not upload', async () => {
    const file = await jpeg();
    expect(await send('upload', [['file', file, 'a.jpg']], { authorization: 'Bearer x' })).toMatchObject({
      status: 401,
    });
    await api.sql(`update memberships set role = 'viewer'`);
    await waitFor(async () => (await send('upload', [['file', file, 'a.jpg']])).status === 403, {
      describe: 'the new role to count',
    });
    expect((await api.call('GET', '/api/v1/media', { token })).status).toBe(200);
    expect(await filesIn('incoming')).toEqual([]);
  });

  test('an idempotency key gives the first answer again; another file under it is refused', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const file = await png();
    const first = await send('upload', [['file', file, 'a.png']], key);
    const again = await send('upload', [['file', file, 'a.png']], key);
    expect(again).toMatchObject({ status: 201, json: first.json });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await send('upload', [['file', await jpeg(), 'a.jpg']], key)).toMatchObject({
      status: 422,
      json: { code: 'idempotency_mismatch' },
    });
    expect((await api.call('GET', '/api/v1/media', { token })).json).toMatchObject({
      items: [{ id: first.json['id'] }],
    });
    await waitFor(async () => (await filesIn('incoming')).length === 0, { describe: 'the quarantine to be empty' });
  });

  test('an upload whose sender goes away leaves nothing', async () => {
    for (let round = 0; round < 10; round += 1) await abortedUpload(await jpeg());
    await waitFor(async () => (await filesIn('incoming')).length === 0, { describe: 'the quarantine to be empty' });
    expect((await api.call('GET', '/api/v1/media', { token })).json).toMatchObject({ items: [] });
    expect((await api.call('GET', '/health')).status).toBe(200);
  });
});

/** Sends half of what it promised, and hangs up. */
async function abortedUpload(file: Buffer): Promise<void> {
  const { hostname, port } = new URL(origin());
  const socket = connect(Number(port), hostname);
  const head = `--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n`;
  socket.write(
    `POST /api/v1/media/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${file.length * 2}\r\n\r\n${head}`,
  );
  await new Promise<void>((resolve) => socket.write(file, () => resolve()));
  try {
    await waitFor(async () => (await filesIn('incoming')).length > 0, { describe: 'the upload to have begun' });
  } finally {
    socket.destroy();
  }
}
