import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type CardReader, type CardReaderOptions, createCardReader } from './card-reader.ts';
import {
  endlessPage,
  htmlPage,
  imageFile,
  longPage,
  redirectTo,
  solidPng,
  startPages,
  type TestPages,
} from './test-pages.ts';

let pages: TestPages;
/** Of the own network: nobody may be led there. */
let inside: TestPages;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cards-'));
  const huge = solidPng(8_000, 5_000);
  inside = await startPages({ '/secret': htmlPage('<title>Inside</title>') });
  pages = await startPages({
    '/tea': htmlPage(
      '<title>Plain</title><meta property="og:title" content="Tea &amp; more"><meta name="description" content=" How\n to make it"><meta property="og:image" content="pictures/tea.png">',
    ),
    '/pictures/tea.png': imageFile(solidPng(1_600, 800), 'image/png'),
    '/long': longPage(5_000_000, 'Long'),
    '/endless': endlessPage('<title>Endless</title><meta property="og:image" content="/pictures/tea.png">'),
    '/silent': () => undefined,
    '/huge': htmlPage('<title>Huge</title><meta property="og:image" content="/huge.png">'),
    '/huge.png': imageFile(huge, 'image/png'),
    '/bomb': htmlPage('<title>Bomb</title><meta property="og:image" content="/bomb.png">'),
    '/bomb.png': imageFile(Buffer.concat([huge, Buffer.alloc(2_000_000)]), 'image/png'),
    '/inside': redirectTo(`${inside.origin}/secret`),
    '/picture-inside': htmlPage(`<title>Led on</title><meta property="og:image" content="${inside.origin}/secret">`),
    '/round': redirectTo('/round'),
    '/latin': (response) =>
      response
        .writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' })
        .end(Buffer.from('<title>Caf\u00e9</title>', 'latin1')),
    '/meta': (response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(Buffer.from('<meta charset="windows-1251"><title>\xd7\xe0\xe9</title>', 'latin1')),
    '/file': imageFile(Buffer.from('{}'), 'application/json'),
  });
});
afterAll(async () => {
  await Promise.all([pages[Symbol.asyncDispose](), inside[Symbol.asyncDispose]()]);
  await rm(directory, { recursive: true });
});

function open(more: Partial<CardReaderOptions> = {}): CardReader {
  const reader = createCardReader({ directory, allow: (host, port) => `${host}:${port}` === pages.host, ...more });
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return reader;
}

const ample = { organizationId: 'org', withinMs: 60_000 };
const read = (path: string, reader = open()) => reader.read({ ...ample, url: `${pages.origin}${path}` });

test('a page gives its title, description and picture, which is made small', async () => {
  const { picture, ...told } = await read('/tea');
  expect(told).toEqual({ title: 'Tea & more', description: 'How to make it', pageFault: null, pictureFault: null });
  expect(picture).toMatchObject({ mimeType: 'image/jpeg', width: 1_200, height: 600 });
  expect(picture?.bytes.length).toBeLessThan(500_000);
  await waitFor(async () => (await readdir(directory)).length === 0, { describe: 'no file is left' });
});

test.each([
  ['/latin', 'Café'],
  ['/meta', 'Чай'],
])('the letters of %s are read as they were meant', async (path, title) => {
  expect(await read(path)).toMatchObject({ title });
});

test('of 5 MB of HTML 512 kB are read; without that bound all of it is', async () => {
  expect(await read('/long')).toMatchObject({ title: 'Long', picture: null, pageFault: null, pictureFault: null });
  const unbounded = open({ bounds: { pageBytesMax: Infinity } });
  expect(await read('/long', unbounded)).toMatchObject({ title: 'Long', pictureFault: 'it answered 404' });
});

test('what has come of a page that never ends counts, and it leaves time for its picture', async () => {
  const hurried = open({ bounds: { pageShare: 0.03 } });
  const endless = await read('/endless', hurried);
  expect(endless).toMatchObject({ title: 'Endless', pageFault: 'it did not come in time', pictureFault: null });
  expect(endless.picture).not.toBeNull();
  const silent = await open().read({ ...ample, withinMs: 100, url: `${pages.origin}/silent` });
  expect(silent).toMatchObject({ title: null, picture: null, pageFault: expect.stringMatching(/in time$/u) });
});

test('a picture of 40 megapixels becomes a small one; one of too many bytes is not taken', async () => {
  const { picture } = await read('/huge');
  expect(picture).toMatchObject({ width: 1_200, height: 750 });
  const small = open({ bounds: { pictureBytesMax: 1_000_000 } });
  expect(await read('/bomb', small)).toMatchObject({ title: 'Bomb', picture: null, pictureFault: 'it is too large' });
});

test('neither a page nor its picture leads into the own network; without the guard they do', async () => {
  expect(await read('/inside')).toMatchObject({ title: null, pageFault: 'it is not encrypted' });
  expect(await read('/picture-inside')).toMatchObject({ title: 'Led on', pictureFault: 'it is not encrypted' });
  expect(inside.asked).toEqual([]);
  expect(await read('/inside', open({ allow: () => true }))).toMatchObject({ title: 'Inside' });
  expect(inside.asked).toEqual(['/secret']);
});

test.each([
  ['/round', 'it redirects without end'],
  ['/nowhere', 'it answered 404'],
  ['/file', 'it is of another type'],
])('%s is no page', async (path, pageFault) => {
  expect(await read(path)).toEqual({ title: null, description: null, picture: null, pageFault, pictureFault: null });
});

test("an organization's slow pages keep nobody else's waiting", async () => {
  const reader = open();
  const slow = Array.from({ length: 20 }, () =>
    reader.read({ organizationId: 'slow', withinMs: 30_000, url: `${pages.origin}/silent` }),
  );
  const state = { slowIsOver: false };
  void Promise.race(slow).then(() => (state.slowIsOver = true));
  expect(await read('/tea', reader)).toMatchObject({ title: 'Tea & more' });
  expect(state.slowIsOver).toBe(false);
  expect(pages.asked.filter((path) => path === '/silent').length).toBeLessThanOrEqual(5);
});

test('a server that never answers keeps half of the places at most, whoever links to it', async () => {
  const reader = open({ allow: (host, port) => [pages.host, inside.host].includes(`${host}:${port}`) });
  const before = pages.asked.length;
  const state = { silentIsOver: false };
  const silent = Array.from({ length: 40 }, (_, index) =>
    reader.read({ organizationId: `org_${index}`, withinMs: 50_000, url: `${pages.origin}/silent` }),
  );
  void Promise.race(silent).then(() => (state.silentIsOver = true));
  expect(await reader.read({ ...ample, url: `${inside.origin}/secret` })).toMatchObject({ title: 'Inside' });
  expect(state.silentIsOver).toBe(false);
  expect(pages.asked.length - before).toBeLessThanOrEqual(16);
});
