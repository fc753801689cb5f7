import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openByteSource } from '../containers/byte-source.ts';
import { gif, jpeg, manyFrames, phoneJpeg, png, webp } from '../fixtures/test-images.ts';
import { movie, mpeg, mpegStream, webm } from '../fixtures/test-movies.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { readVideo, type VideoMimeType } from './probe-video.ts';
import { type ImageMimeType, readImageLayout } from './read-image-layout.ts';
import { sniffType } from '../upload/sniff-type.ts';
import { stripImage } from './strip-image.ts';

const directory = mkdtempSync(join(tmpdir(), 'vt-fuzz-'));
afterAll(() => rmSync(directory, { recursive: true }));

const runs = { numRuns: 300 };

const images: readonly [ImageMimeType, Buffer][] = [
  ['image/jpeg', await jpeg(40, 30)],
  ['image/jpeg', await phoneJpeg(40, 30, 6)],
  ['image/png', await png(30, 20)],
  ['image/gif', await gif(3)],
  ['image/gif', manyFrames(20)],
  ['image/webp', await webp(3)],
];
const videos: readonly [VideoMimeType, Buffer][] = [
  ['video/mp4', movie({ sound: 'mp4a', place: '+52.5/' })],
  ['video/quicktime', movie({ brand: 'qt  ', indexFirst: false })],
  ['video/webm', webm()],
  ['video/webm', webm({ isLive: true })],
  ['video/mpeg', mpeg()],
  ['video/mpeg', mpegStream()],
];

/** A few bytes changed, mostly near the beginning where the lengths stand, and now and then the end cut off. */
function damaged(file: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.oneof(fc.nat(Math.min(400, file.length - 1)), fc.nat(file.length - 1));
  const change = fc.tuple(place, fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)));
  const cut = fc.oneof(
    { weight: 4, arbitrary: fc.constant(file.length) },
    { weight: 1, arbitrary: fc.nat(file.length) },
  );
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 8 }), cut).map(([changes, end]) => {
    const copy = Buffer.from(file);
    for (const [at, value] of changes) copy[at] = value;
    return copy.subarray(0, end);
  });
}

/** Reading ends, and either succeeds, or refuses, or runs over the end of the buffer, which counts as refused. */
function expectReadOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof MediaRefusedError) && !(error instanceof RangeError)) throw error;
  }
}

describe('damaged files are read or refused, and never hold up or break their reader', () => {
  test.each(images)('%s', (mimeType, file) => {
    fc.assert(
      fc.property(damaged(file), (broken) => {
        expectReadOrRefused(() => readImageLayout(broken, mimeType));
        expectReadOrRefused(() => stripImage(broken, mimeType));
      }),
      runs,
    );
  });

  test.each(videos)('%s', (mimeType, file) => {
    const path = join(directory, 'file');
    fc.assert(
      fc.property(damaged(file), (broken) => {
        writeFileSync(path, broken);
        using source = openByteSource(path);
        expectReadOrRefused(() => readVideo(source, mimeType));
      }),
      runs,
    );
  });
});

test('any bytes at all have a type or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(sniffType(Buffer.from(bytes))).toHaveProperty('mimeType');
    }),
  );
});
