import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Media, MediaUploads } from '@vibetribe/contracts/media';
import { inspectorPids } from '@vibetribe/media/fixtures/inspector-pids';
import { gif, jpeg, png } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

let api: TestApi;
let dataDir: string;
let token: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vt-api-media-'));
  api = await startTestApi(inject('postgresUrl'), { env: { DATA_DIR: dataDir } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});
beforeEach(async () => {
  token = (await api.register()).accessToken;
});

const origin = () => api.replicas[0]?.url ?? '';

async function filesIn(name: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'media', name), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

type Part = readonly [field: string, content: Buffer | string, name?: string, type?: string];

async function send(path: string, parts: readonly Part[], headers: Record<string, string> = {}) {
  const form = new FormData();
  for (const [field, content, name = 'file', type = ''] of parts) {
    if (typeof content === 'string') form.append(field, content);
    else form.append(field, new Blob([new Uint8Array(content)], { type }), name);
  }
  const answer = await fetch(`${origin()}/api/v1/media/${path}`, {
    method: 'POST',
    body: form,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Record<string, unknown> };
}

async function upload(file: Buffer, name = 'a.jpg') {
  const { status, json } = await send('upload', [['file', file, name]]);
  expect(status).toBe(201);
  return Media.parse(json);
}

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
      const file = await jpeg();
      const uploading = send('upload', [['file', file, 'a.jpg']]);
      let isOver = false;
      void uploading.finally(() => (isOver = true));
      while (!isOver) {
        for (const pid of await inspectorPids(process.pid)) process.kill(pid, 'SIGKILL');
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

describe('POST /media/upload-multiple', () => {
  test('201 where all are stored, in their order, each with its alternative text', async () => {
    const { status, json } = await send('upload-multiple', [
      ['alt', 'One'],
      ['alt', ''],
      ['alt', ''],
      ['files', await jpeg(), 'a.jpg'],
      ['files', await gif(3), 'b.gif'],
      ['files', movie(), 'c.mp4'],
    ]);
    expect(status).toBe(201);
    const { items, results } = MediaUploads.parse(json);
    expect(items.map(({ mimeType, alt }) => [mimeType, alt])).toEqual([
      ['image/jpeg', 'One'],
      ['image/gif', null],
      ['video/mp4', null],
    ]);
    expect(results.map(({ fileName }) => fileName)).toEqual(['a.jpg', 'b.gif', 'c.mp4']);
  });

  test('422 where alternative texts and files are not as many: which belongs to which cannot be told', async () => {
    const file = await jpeg();
    const { status, json } = await send('upload-multiple', [
      ['alt', 'Which?'],
      ['files', file, 'a.jpg'],
      ['files', file, 'b.jpg'],
    ]);
    expect([status, json['errors']]).toMatchObject([
      422,
      [{ path: 'alt', message: expect.stringContaining('one for each file') }],
    ]);
    expect(await filesIn('incoming')).toEqual([]);
  });

  test('207: of ten files eight are stored and two explained, and nothing of these is left', async () => {
    const file = await jpeg();
    const good = Array.from({ length: 8 }, (_, index): Part => ['files', file, `good-${index}.jpg`]);
    const { status, json } = await send('upload-multiple', [
      ['files', file.subarray(0, 4000), 'cut.jpg'],
      ...good.slice(0, 5),
      ['files', Buffer.from('#EXTM3U\n'.repeat(200_000)), 'list.mp4'],
      ...good.slice(5),
    ]);
    expect(status).toBe(207);
    const { items, results } = MediaUploads.parse(json);
    expect(items).toHaveLength(8);
    const stored = [201, undefined];
    expect(results.map(({ status: own, problem }) => [own, problem?.code])).toEqual([
      [422, 'validation_failed'],
      ...Array.from({ length: 5 }, () => stored),
      [415, 'unsupported_media_type'],
      ...Array.from({ length: 3 }, () => stored),
    ]);
    expect(await filesIn('incoming')).toEqual([]);
  });

  test('eleven files are too many, and none is kept', async () => {
    const file = await jpeg();
    const parts = Array.from({ length: 11 }, (): Part => ['files', file, 'a.jpg']);
    expect(await send('upload-multiple', parts)).toMatchObject({ status: 413, json: { code: 'payload_too_large' } });
    expect((await api.call('GET', '/api/v1/media', { token })).json).toMatchObject({ items: [] });
  });
});

describe('a signed address', () => {
  test('serves ranges, and nothing in the file can run', async () => {
    const file = movie({ dataBytes: 9_000 });
    const { url } = await upload(file, 'a.mp4');
    const whole = await fetch(url);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'accept-ranges': 'bytes',
      'content-length': String(file.length),
    });
    await whole.arrayBuffer();
    const part = await fetch(url, { headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 100-199/${file.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(file.subarray(100, 200));
    expect((await fetch(url, { headers: { range: `bytes=${file.length}-` } })).status).toBe(416);
    expect((await fetch(url, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } })).status).toBe(304);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)]);
  });

  test('is 404 once a byte of it was changed, and stays out of the log', async () => {
    const { url } = await upload(await jpeg());
    const changed = url.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    expect((await fetch(changed)).status).toBe(404);
    expect((await fetch(url)).status).toBe(200);
    expect(api.logged()).not.toContain(new URL(url).searchParams.get('ticket'));
  });

  test('of an optimized picture is fitted, and of the type that the browser takes', async () => {
    const { publicId } = await upload(await jpeg(400, 300));
    const { status, json } = await api.call('POST', '/api/v1/media/optimize-url', {
      token,
      body: { publicId, width: 80 },
    });
    expect(status).toBe(200);
    const answer = await fetch(String(json['url']), { headers: { accept: 'image/webp,*/*' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect((await answer.arrayBuffer()).byteLength).toBeLessThan(10_000);
  });
});

describe('the rest', () => {
  test('lists, counts, tells its limits, deletes', async () => {
    const one = await upload(await jpeg());
    const two = await upload(await gif(2), 'b.gif');
    const page = await api.call('GET', '/api/v1/media?limit=1', { token });
    expect(page.json).toMatchObject({ items: [{ id: two.id }] });
    const next = await api.call('GET', `/api/v1/media?limit=1&cursor=${String(page.json['nextCursor'])}`, { token });
    expect(next.json).toMatchObject({ items: [{ id: one.id }], nextCursor: null });
    expect((await api.call('GET', '/api/v1/media/stats', { token })).json).toMatchObject({ total: { count: 2 } });
    expect((await api.call('GET', '/api/v1/media/config', { token })).json).toMatchObject({
      store: 'local',
      filesMax: 10,
    });
    expect((await api.call('DELETE', `/api/v1/media/${one.publicId}`, { token })).status).toBe(204);
    expect((await api.call('DELETE', `/api/v1/media/${one.publicId}`, { token })).status).toBe(404);
    expect((await fetch(one.url)).status).toBe(404);
  });

  test('one organization sees nothing of another', async () => {
    const { publicId } = await upload(await jpeg());
    const other = (await api.register()).accessToken;
    expect((await api.call('GET', '/api/v1/media', { token: other })).json).toMatchObject({ items: [] });
    expect((await api.call('DELETE', `/api/v1/media/${publicId}`, { token: other })).status).toBe(404);
    expect((await api.call('POST', '/api/v1/media/optimize-url', { token: other, body: { publicId } })).status).toBe(
      404,
    );
  });
});

test('PATCH /media/:id gives a file another text, or none', async () => {
  const { id } = await upload(await jpeg());
  const change = (alt: unknown, as = token) => api.call('PATCH', `/api/v1/media/${id}`, { token: as, body: { alt } });
  expect(await change('A harbour')).toMatchObject({ status: 200, json: { id, alt: 'A harbour' } });
  expect(await change(null)).toMatchObject({ status: 200, json: { alt: null } });
  expect(await change('x'.repeat(5_001))).toMatchObject({ status: 422, json: { errors: [{ path: 'alt' }] } });
  expect(await change('Mine', (await api.register()).accessToken)).toMatchObject({ status: 404 });
});
