import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Media } from '@vibetribe/contracts/media';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

let api: TestApi;
let dataDir: string;
let elsewhere: Server;
let place: string;
let asked = 0;

beforeAll(async () => {
  const file = await jpeg();
  elsewhere = createServer((request, response) => {
    asked += 1;
    if (request.url === '/moved') response.writeHead(302, { location: '/photo.jpg' }).end();
    else if (request.url === '/inside') response.writeHead(302, { location: 'http://127.0.0.1:1/photo.jpg' }).end();
    else if (request.url === '/page') response.end('<html>A page</html>');
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': file.length });
      response.write(file.subarray(0, -1), () => response.destroy());
    } else if (request.url === '/photo.jpg') response.end(file);
    else response.writeHead(404).end();
  });
  elsewhere.listen(0, '127.0.0.1');
  await new Promise((resolve) => elsewhere.once('listening', resolve));
  const host = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  place = `http://${host}`;
  dataDir = await mkdtemp(join(tmpdir(), 'vt-api-media-'));
  api = await startTestApi(inject('postgresUrl'), { env: { DATA_DIR: dataDir, SSRF_ALLOW: host } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  elsewhere.close();
  elsewhere.closeAllConnections();
  await rm(dataDir, { recursive: true });
});

test('a file is fetched from its address and kept, once for one Idempotency-Key', async () => {
  const { accessToken: token } = await api.register();
  const fetchIt = () =>
    api.call('POST', '/api/v1/media/from-url', {
      token,
      body: { url: `${place}/moved`, alt: 'A view' },
      headers: { 'idempotency-key': 'once' },
    });
  const first = await fetchIt();
  expect(first.status, first.text).toBe(201);
  const media = Media.parse(first.json);
  expect(media).toMatchObject({ type: 'image', mimeType: 'image/jpeg', width: 320, height: 200, alt: 'A view' });
  expect((await fetch(media.url)).status).toBe(200);
  const before = asked;
  expect((await fetchIt()).json).toEqual(first.json);
  expect(asked).toBe(before);
  expect(await api.sql('select 1 from media_transfers')).toEqual([]);
});

test('what cannot be had or is not taken is refused with its field, and nothing inside the network is asked', async () => {
  const { accessToken: token } = await api.register();
  const refused = async (url: unknown) => {
    const { status, json } = await api.call('POST', '/api/v1/media/from-url', { token, body: { url } });
    expect(json['errors'], String(url)).toMatchObject([{ path: 'url' }]);
    return status;
  };
  expect(await refused(`${place}/nothing`)).toBe(422);
  expect(await refused(`${place}/inside`)).toBe(422);
  expect(await refused(`${place}/cut`)).toBe(422);
  expect(await refused('http://127.0.0.1:1/photo.jpg')).toBe(422);
  expect(await refused('https://127.0.0.1/photo.jpg')).toBe(422);
  expect(await refused('https://user:pass@files.example.org/photo.jpg')).toBe(422);
  expect(await refused('file:///etc/passwd')).toBe(422);
  expect(await refused(undefined)).toBe(422);
  expect(await refused(`${place}/page`)).toBe(415);
  expect(await api.sql('select 1 from media_transfers')).toEqual([]);
});
