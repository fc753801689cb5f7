import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jpeg, phoneJpeg } from './fixtures/test-images.ts';
import { movie } from './fixtures/test-movies.ts';
import { createMediaLibrary, type MediaLibrary } from './media-library.ts';
import type { OriginalMedia } from './serve/media-reader.ts';
import { receiveUpload } from './upload/receive-upload.ts';

const now = () => new Date();
const rules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 1,
  mixed: false,
  altCharactersMax: 1000,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 300_000, widthMax: 800 },
  animation: null,
  video: { mimeTypes: ['video/mp4'], bytesMax: 1_000_000 },
};

let dataDir: string;
let spare = Infinity;
let library: MediaLibrary;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vt-library-'));
  spare = Infinity;
  library = createMediaLibrary({ dataDir, cloudinary: null, diskReserveBytes: 0, spareBytes: async () => spare, now });
});

afterEach(async () => {
  await library[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

async function store(file: Buffer): Promise<OriginalMedia> {
  const upload = { source: Readable.from([file]), fileName: null };
  await using received = await receiveUpload(upload, {
    directory: library.incomingDirectory,
    digests: library.digests,
  });
  const { path, mimeType, sha256 } = received;
  const facts = await library.inspector.inspect({ kind: 'probe', path, mimeType }, 'org_1');
  const object = {
    key: library.store.keyFor({ organizationId: 'org_1', userId: null, sha256, id: 'obj_1', mimeType, at: now() }),
    mimeType,
  };
  await library.store.put(path, object);
  return { organizationId: 'org_1', object, sha256, facts, alt: 'A view' };
}

async function sent(media: { open(): AsyncIterable<Buffer> }): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(media.open()));
}

test('a picture that fits goes out bit for bit', async () => {
  const file = await jpeg();
  const prepared = await library.reader.prepare(await store(file), rules);
  expect(prepared).toMatchObject({
    kind: 'image',
    mimeType: 'image/jpeg',
    bytes: file.length,
    width: 320,
    height: 200,
    alt: 'A view',
    done: [],
  });
  expect(await sent(prepared)).toEqual(file);
  expect(await sent(prepared)).toEqual(file);
});

test('a phone picture goes out upright, small enough, without place and camera, and the original stays', async () => {
  const file = await phoneJpeg(1600, 1200, 6);
  const original = await store(file);
  const prepared = await library.reader.prepare(original, rules);
  const bytes = await sent(prepared);
  expect(prepared).toMatchObject({
    width: 800,
    height: 1066,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  expect(prepared.bytes).toBeLessThanOrEqual(300_000);
  expect(prepared.done).toEqual(expect.arrayContaining(['turned upright', 'stripped of place and camera']));
  expect(bytes.includes('Canary')).toBe(false);
  expect((await sharp(bytes).metadata()).width).toBe(800);
  expect(await readFile(await library.reader.pathOf(original))).toEqual(file);
});

test('the same rendition is made once, and made again when it was swept away', async () => {
  const original = await store(await phoneJpeg(1600, 1200, 6));
  const [one, other] = await Promise.all([
    library.reader.prepare(original, rules),
    library.reader.prepare(original, rules),
  ]);
  expect(one.ticket).toEqual(other.ticket);
  const directory = join(dataDir, 'media/renditions/org_1');
  const files = async () => (await readdir(directory, { recursive: true })).filter((name) => name.includes('.'));
  expect(await files()).toHaveLength(2);
  await rm(directory, { recursive: true });
  expect(await sent(await library.reader.prepare(original, rules))).toEqual(
    await sent(await library.reader.prepare(original, rules)),
  );
  expect(await files()).toHaveLength(2);
});

test('a video that knows its place goes out without it', async () => {
  const file = movie({ place: '+52.5167+013.4000/' });
  const prepared = await library.reader.prepare(await store(file), rules);
  expect(prepared).toMatchObject({
    kind: 'video',
    bytes: file.length,
    done: ['stripped of place and camera'],
    durationMs: 5000,
  });
  expect((await sent(prepared)).includes('+52.5167')).toBe(false);
});

test('sweeping takes what was left behind or not used for long, and no original', async () => {
  const original = await store(await phoneJpeg(1600, 1200, 6));
  await library.reader.prepare(original, rules);
  const left = join(library.incomingDirectory, 'left.part');
  const fresh = join(library.incomingDirectory, 'fresh.part');
  await writeFile(left, 'x');
  await writeFile(fresh, 'x');
  expect(await library.sweep()).toEqual({ files: 0, bytes: 0 });
  const monthAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
  const everything = await readdir(join(dataDir, 'media'), { recursive: true, withFileTypes: true });
  for (const entry of everything)
    if (entry.isFile() && entry.name !== 'fresh.part')
      await utimes(join(entry.parentPath, entry.name), monthAgo, monthAgo);
  expect((await library.sweep()).files).toBe(3);
  expect(await readdir(library.incomingDirectory)).toEqual(['fresh.part']);
  expect(await sent(await library.reader.prepare(original, rules))).not.toHaveLength(0);
});

test('renditions take no more of the disk than is left for them; what is needed again is made again', async () => {
  const originals = [];
  for (const width of [1600, 1500, 1400]) originals.push(await store(await phoneJpeg(width, 1200, 6)));
  const [first] = originals;
  if (first === undefined) throw new Error('nothing stored');
  const early = await library.reader.prepare(first, rules);
  const bytes = await sent(early);
  spare = bytes.length * 2.5;
  for (let round = 0; round < 3; round += 1)
    for (const original of originals) await library.reader.prepare(original, rules);
  const files = await readdir(join(dataDir, 'media/renditions/org_1'), { recursive: true });
  expect(files.filter((name) => name.endsWith('.jpg')).length).toBeLessThanOrEqual(2);
  expect(files.filter((name) => name.endsWith('.json')).length).toBeLessThanOrEqual(2);
  expect(await sent(early)).toEqual(bytes);
});

test('nothing is made where the disk has no room', async () => {
  const original = await store(await phoneJpeg(1600, 1200, 6));
  const options = { dataDir, cloudinary: null, spareBytes: async () => spare, now };
  await using full = createMediaLibrary({ ...options, diskReserveBytes: Number.MAX_SAFE_INTEGER });
  await expect(full.reader.prepare(original, rules)).rejects.toMatchObject({ name: 'MediaStoreError', kind: 'full' });
});
