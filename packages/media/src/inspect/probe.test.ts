import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaMimeType } from '@vibetribe/media-rules/media-facts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gif, jpeg, largePicture, phoneJpeg, picture, png, webp } from '../fixtures/test-images.ts';
import { movie, mpeg, mpegStream, webm } from '../fixtures/test-movies.ts';
import { createInspector, type Inspector } from './inspector.ts';
import { sniffType } from '../upload/sniff-type.ts';

let directory: string;
let inspector: Inspector;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-probe-'));
  inspector = createInspector();
});

afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function probe(file: Buffer, mimeType: MediaMimeType) {
  expect(sniffType(file)).toEqual({ mimeType });
  const path = join(directory, 'file');
  await writeFile(path, file);
  return inspector.inspect({ kind: 'probe', path, mimeType }, 'org_1');
}

describe('images', () => {
  test('a JPEG tells its size', async () => {
    expect(await probe(await jpeg(320, 200), 'image/jpeg')).toMatchObject({
      width: 320,
      height: 200,
      animated: false,
      orientation: 1,
      hasMetadata: false,
    });
  });

  test('a turned JPEG tells its upright size, and that it carries metadata', async () => {
    expect(await probe(await phoneJpeg(320, 200, 6), 'image/jpeg')).toMatchObject({
      width: 200,
      height: 320,
      orientation: 6,
      hasMetadata: true,
    });
  });

  test('a progressive JPEG is read to its end', async () => {
    const file = await picture(300, 200).jpeg({ progressive: true }).toBuffer();
    expect(await probe(file, 'image/jpeg')).toMatchObject({ width: 300, height: 200 });
  });

  test('a PNG tells whether it is transparent', async () => {
    expect(await probe(await png(64, 48), 'image/png')).toMatchObject({ width: 64, height: 48, alpha: true });
  });

  test('an animated GIF tells its frames and length', async () => {
    expect(await probe(await gif(12), 'image/gif')).toMatchObject({
      width: 40,
      height: 30,
      animated: true,
      frames: 12,
      durationMs: 1200,
      framesPerSecond: 10,
    });
  });

  test('a still GIF is not animated', async () => {
    expect(await probe(await gif(1), 'image/gif')).toMatchObject({ animated: false, durationMs: null });
  });

  test('an animated WebP tells its frames and length', async () => {
    expect(await probe(await webp(5), 'image/webp')).toMatchObject({ animated: true, frames: 5, durationMs: 500 });
  });

  test('a simple WebP tells its size', async () => {
    expect(await probe(await picture(77, 33).webp().toBuffer(), 'image/webp')).toMatchObject({ width: 77, height: 33 });
  });

  test('a JPEG with what cameras append (a second picture) is taken', async () => {
    const file = Buffer.concat([await jpeg(), await jpeg(10, 10)]);
    expect(await probe(file, 'image/jpeg')).toMatchObject({ width: 320, hasMetadata: true });
  });

  test('a 48 megapixel photo is taken', async () => {
    const file = await largePicture(8000, 6000).jpeg({ quality: 20 }).toBuffer();
    expect(file.length).toBeLessThan(10 * 1024 * 1024);
    expect(await probe(file, 'image/jpeg')).toMatchObject({ width: 8000, height: 6000 });
  });
});

describe('videos', () => {
  test('an MP4 tells size, length, frame rate and codecs', async () => {
    expect(await probe(movie({ sound: 'mp4a' }), 'video/mp4')).toMatchObject({
      width: 1280,
      height: 720,
      durationMs: 5000,
      framesPerSecond: 30,
      codec: 'h264',
      audioCodec: 'aac',
      indexFirst: true,
      hasMetadata: false,
    });
  });

  test('a QuickTime film from a phone is upright, says that its index stands last and that it knows its place', async () => {
    const file = movie({ brand: 'qt  ', codec: 'hvc1', rotation: 90, indexFirst: false, place: '+52.5167+013.4000/' });
    expect(await probe(file, 'video/quicktime')).toMatchObject({
      width: 720,
      height: 1280,
      orientation: 6,
      codec: 'hevc',
      indexFirst: false,
      hasMetadata: true,
    });
  });

  test('a WebM tells size, length and codecs, and counts its frames', async () => {
    expect(await probe(webm(), 'video/webm')).toMatchObject({
      width: 640,
      height: 480,
      durationMs: 2000,
      framesPerSecond: 25,
      codec: 'vp9',
      audioCodec: 'opus',
    });
  });

  test('a WebM from a live recorder, without lengths, is measured', async () => {
    expect(await probe(webm({ isLive: true }), 'video/webm')).toMatchObject({ durationMs: 2000, framesPerSecond: 25 });
  });

  test('an MPEG program stream tells size, length and codec', async () => {
    expect(await probe(mpeg(), 'video/mpeg')).toMatchObject({
      width: 720,
      height: 576,
      durationMs: 3000,
      framesPerSecond: 25,
      codec: 'mpeg2',
    });
  });

  test('a bare MPEG stream is measured by its pictures', async () => {
    expect(await probe(mpegStream(50), 'video/mpeg')).toMatchObject({
      width: 352,
      height: 288,
      durationMs: 2000,
      codec: 'mpeg1',
    });
  });
});
