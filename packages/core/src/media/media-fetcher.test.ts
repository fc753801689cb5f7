import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jpeg } from '@vibetribe/media/fixtures/test-images';
import { createFileDigests, type FileDigests } from '@vibetribe/media/upload/file-digests';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPages, type TestPages } from '../cards/test-pages.ts';
import { createMediaFetcher, type MediaFetcher } from './media-fetcher.ts';

const room = { take: () => Promise.resolve() };

let directory: string;
let digests: FileDigests;
let pages: TestPages;
let otherPages: TestPages;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vibetribe-fetcher-'));
  digests = createFileDigests();
  const file = await jpeg();
  otherPages = await startPages({ '/photo': (response) => void response.end(file) });
  pages = await startPages({
    '/silent': () => undefined,
    '/drips': (response) => void response.write(file.subarray(0, 100)),
    '/photo': (response) => void response.end(file),
  });
});
afterAll(async () => {
  await pages[Symbol.asyncDispose]();
  await otherPages[Symbol.asyncDispose]();
  await digests[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const open = (withinMs: number) =>
  createMediaFetcher({
    allow: (host, port) => [pages.host, otherPages.host].includes(`${host}:${port}`),
    media: { incomingDirectory: directory, digests },
    withinMs,
  });
const ask = (fetcher: MediaFetcher, path: string, organizationId = 'org_1', { origin } = pages) =>
  fetcher.fetch({ url: `${origin}${path}`, organizationId, room });

test.each(['/silent', '/drips'])('a server that %s is left when the time is up, and no file stays', async (path) => {
  await using fetcher = open(300);
  await expect(ask(fetcher, path)).rejects.toMatchObject({
    code: 'validation_failed',
    errors: [{ path: 'url', message: expect.stringContaining('it did not come in time') }],
  });
  expect(await readdir(directory)).toEqual([]);
});

test('an organization fetches four at once, and the next ones wait; nobody else waits for them', async () => {
  await using fetcher = open(60_000);
  const before = pages.asked.length;
  const asked = () => pages.asked.slice(before);
  const slow = Array.from({ length: 5 }, () => ask(fetcher, '/silent').catch(() => undefined));
  await waitFor(() => asked().length >= 4, { describe: () => `four at once (${asked().length})` });
  await using photo = await ask(fetcher, '/photo', 'org_2');
  expect(photo.bytes).toBeGreaterThan(0);
  expect(asked()).toEqual([...Array.from({ length: 4 }, () => '/silent'), '/photo']);
  await fetcher[Symbol.asyncDispose]();
  await Promise.all(slow);
});

test('a server that never answers holds half of the places, however many organizations fetch from it', async () => {
  await using fetcher = open(60_000);
  const before = pages.asked.length;
  const asked = () => pages.asked.length - before;
  const silent = Array.from({ length: 80 }, (_, index) =>
    ask(fetcher, '/silent', `org_${index % 20}`).catch(() => undefined),
  );
  await waitFor(() => asked() >= 32, { describe: () => `half of the places to be taken (${asked()})` });
  await using photo = await ask(fetcher, '/photo', 'org_other', otherPages);
  expect(photo.bytes).toBeGreaterThan(0);
  expect(asked()).toBe(32);
  await fetcher[Symbol.asyncDispose]();
  await Promise.all(silent);
});
