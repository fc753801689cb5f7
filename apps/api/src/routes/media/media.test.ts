import { MediaUploads } from '@vibetribe/contracts/media';
import { gif, jpeg } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { describe, expect, test } from 'vitest';
import { api, token, filesIn, type Part, send, upload } from './test-media.ts';

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
