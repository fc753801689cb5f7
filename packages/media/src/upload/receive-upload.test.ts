import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createFileDigests } from './file-digests.ts';
import { jpeg } from '../fixtures/test-images.ts';
import { box, movie } from '../fixtures/test-movies.ts';
import { receiveUpload } from './receive-upload.ts';

const megabyte = 1024 * 1024;

const digests = createFileDigests();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-receive-'));
});

afterEach(() => rm(directory, { recursive: true }));
afterAll(() => digests[Symbol.asyncDispose]());

/** A video of any length, made as it is read. */
function* videoPieces(bytes: number): Generator<Buffer> {
  const head = box('ftyp', Buffer.from('isom\0\0\0\0isommp42'));
  yield head;
  const piece = Buffer.alloc(64 * 1024, 1);
  for (let left = bytes - head.length; left > 0; left -= piece.length)
    yield Buffer.from(piece.subarray(0, Math.min(left, piece.length)));
}

test('a file arrives whole, with its digest, length and type', async () => {
  const file = Buffer.concat([await jpeg(), Buffer.alloc(0)]);
  await using received = await receiveUpload(
    {
      source: Readable.from([file.subarray(0, 5), file.subarray(5)]),
      fileName: 'Photo.JPG',
    },
    { directory, digests },
  );
  expect(received).toMatchObject({
    bytes: file.length,
    mimeType: 'image/jpeg',
    sha256: createHash('sha256').update(file).digest('hex'),
    fileName: 'Photo.JPG',
  });
  expect(await readFile(received.path)).toEqual(file);
});

test('disposing removes the file, and does not mind that it was moved on', async () => {
  const received = await receiveUpload({ source: Readable.from([movie()]), fileName: null }, { directory, digests });
  expect(await readdir(directory)).toHaveLength(1);
  await received[Symbol.asyncDispose]();
  await received[Symbol.asyncDispose]();
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  'IMG_0001.MOV',
  'Dr.Smith',
  'IMG_1.HEIC',
  'picture.png',
  'page.jpg.html',
  'Screenshot 12.30.45',
  'no name at all',
])('the bytes alone tell the type, and not the name %s', async (fileName) => {
  for (const [file, mimeType] of [
    [await jpeg(), 'image/jpeg'],
    [movie(), 'video/mp4'],
  ] as const) {
    await using received = await receiveUpload({ source: Readable.from([file]), fileName }, { directory, digests });
    expect(received).toMatchObject({ mimeType, fileName });
  }
});

test('reading stops at the first byte too many', async () => {
  let sent = 0;
  const source = Readable.from(
    (function* () {
      for (const piece of videoPieces(400 * megabyte)) {
        sent += piece.length;
        yield piece;
      }
    })(),
  );
  await expect(receiveUpload({ source, fileName: null }, { directory, digests })).rejects.toMatchObject({
    code: 'too_large',
  });
  expect(sent).toBeLessThan(103 * megabyte);
  expect(await readdir(directory)).toEqual([]);
});

test('a video of exactly 100 MB is taken, and its memory is not', { timeout: 60_000 }, async () => {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let peak = 0;
  const source = Readable.from(
    (function* () {
      for (const piece of videoPieces(100 * megabyte)) {
        peak = Math.max(peak, process.memoryUsage.rss());
        yield piece;
      }
    })(),
  );
  await using received = await receiveUpload({ source, fileName: null }, { directory, digests });
  expect(received.bytes).toBe(100 * megabyte);
  expect((peak - before) / megabyte).toBeLessThan(40);
});

test('500 uploads aborted at 99 % leave no file and no descriptor', { timeout: 60_000 }, async () => {
  const whole = Buffer.concat([movie(), randomBytes(60_000)]);
  const before = await descriptors();
  for (let batch = 0; batch < 10; batch += 1) {
    const uploads = Array.from({ length: 50 }, () =>
      receiveUpload({ source: breaking(whole), fileName: null }, { directory, digests }),
    );
    for (const result of await Promise.allSettled(uploads)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'aborted' } });
    }
  }
  expect(await readdir(directory)).toEqual([]);
  expect(await descriptors()).toBeLessThanOrEqual(before);
});

test.each([
  ['8BPS\0\x01', /^It looks like a Photoshop .*, which is not taken: .*JPEG or PNG.*\. Taken are image\/jpeg, /u],
  ['\x07\x07\x07', /^It is of no type that is taken\. Taken are image\/jpeg, /u],
])('a refusal names the format, what to do about it, and what is taken (%j)', async (head, message) => {
  const source = Readable.from([Buffer.from(head.padEnd(600, '\x07'), 'latin1')]);
  await expect(receiveUpload({ source, fileName: 'photo.jpg' }, { directory, digests })).rejects.toMatchObject({
    code: 'type_unknown',
    message: expect.stringMatching(message),
  });
});

test('a refused source is left where it was, so that it can be drained', async () => {
  const source = Readable.from([Buffer.alloc(5000), Buffer.alloc(5000), Buffer.alloc(5000)]);
  await expect(receiveUpload({ source, fileName: null }, { directory, digests })).rejects.toMatchObject({
    code: 'type_unknown',
  });
  expect(source.destroyed).toBe(false);
  let left = 0;
  for await (const piece of source) left += (piece as Buffer).length;
  expect(left).toBeGreaterThan(0);
});

function breaking(file: Buffer): Readable {
  return Readable.from(
    (function* () {
      yield file.subarray(0, Math.floor(file.length * 0.5));
      yield file.subarray(Math.floor(file.length * 0.5), Math.floor(file.length * 0.99));
      throw new Error('the connection was lost');
    })(),
  );
}

async function descriptors(): Promise<number> {
  return process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0;
}

test('room is asked for before anything is written, and where it is refused nothing is left', async () => {
  let asked = 0;
  let written = 0;
  const noMore = new Error('no more');
  const room = {
    async take(bytes: number) {
      const [name] = await readdir(directory);
      written = name === undefined ? 0 : (await stat(join(directory, name))).size;
      asked = bytes;
      if (bytes > 3 * megabyte) throw noMore;
    },
  };
  const source = Readable.from(videoPieces(50 * megabyte));
  await expect(receiveUpload({ source, fileName: null, room }, { directory, digests })).rejects.toBe(noMore);
  expect(asked).toBeGreaterThan(3 * megabyte);
  expect(written).toBeLessThanOrEqual(3 * megabyte);
  expect(await readdir(directory)).toEqual([]);
});
