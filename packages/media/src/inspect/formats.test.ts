import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { picture, pngChunk, pngWith, webp } from '../fixtures/test-images.ts';
import { inspector, write, probe, render, quarters } from './test-pictures.ts';

describe('transparency', () => {
  test.each(['png', 'webp'] as const)('an alpha channel that is opaque everywhere is none: %s', async (format) => {
    const opaque = await picture(64, 64).ensureAlpha(1).toFormat(format).toBuffer();
    expect((await sharp(opaque).metadata()).hasAlpha).toBe(format === 'png');
    expect(await probe(opaque)).toMatchObject({ alpha: false });
    const pixels = await picture(64, 64).ensureAlpha(1).raw().toBuffer();
    pixels[4 * 1000 + 3] = 254;
    const raw = { width: 64, height: 64, channels: 4 } as const;
    const almost = await sharp(pixels, { raw }).toFormat(format, { lossless: true }).toBuffer();
    expect(await probe(almost)).toMatchObject({ alpha: true });
  });

  test('of 16 bits a sample, too', async () => {
    const header = { width: 16, height: 16, depth: 16, colour: 6 };
    const rows = (alpha: number) =>
      Buffer.concat(
        Array.from({ length: 16 }, () =>
          Buffer.concat([Buffer.of(0), ...Array.from({ length: 16 }, () => Buffer.of(9, 9, 9, 9, 9, 9, alpha, alpha))]),
        ),
      );
    expect(await probe(pngWith(header, deflateSync(rows(0xff))))).toMatchObject({ alpha: false });
    // A quarter of the way to opaque, and yet more than an 8-bit sample can be.
    expect(await probe(pngWith(header, deflateSync(rows(0x40))))).toMatchObject({ alpha: true });
  });

  test('what is opaque becomes a JPEG of all its pixels', async () => {
    const file = await picture(2000, 1500).ensureAlpha(1).png().toBuffer();
    expect(file.length).toBeGreaterThan(2_000_000);
    const { rendered } = await render(file, { bytesMax: 2_000_000 });
    expect(rendered).toMatchObject({ mimeType: 'image/jpeg', width: 2000, height: 1500 });
  });

  test('what is transparent becomes a WebP of all its pixels', async () => {
    const file = await picture(2000, 1500, { alpha: true }).png().toBuffer();
    expect(file.length).toBeGreaterThan(2_000_000);
    const { rendered, file: made } = await render(file, { bytesMax: 2_000_000, mimeTypes: ['image/webp'] });
    expect(rendered).toMatchObject({ mimeType: 'image/webp', width: 2000, height: 1500 });
    expect((await sharp(made).stats()).isOpaque).toBe(false);
  });

  test('a PNG that is too large as one becomes the next type wanted', async () => {
    const file = await picture(900, 700).png().toBuffer();
    const order = { mimeTypes: ['image/png', 'image/jpeg'], bytesMax: Math.floor(file.length / 2) } as const;
    expect((await render(file, order)).rendered).toMatchObject({ mimeType: 'image/jpeg', width: 900 });
    expect((await render(file, { ...order, bytesMax: file.length * 2 })).rendered).toMatchObject({
      mimeType: 'image/png',
    });
  });
});

describe('colours', () => {
  test('CMYK always becomes sRGB, and looks the same', async () => {
    const colours = { create: { width: 80, height: 60, channels: 3, background: { r: 170, g: 90, b: 80 } } } as const;
    const file = await sharp(colours).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(file).metadata()).space).toBe('cmyk');
    expect(await probe(file)).toMatchObject({ width: 80, mustRender: true });
    const { rendered, file: made } = await render(file);
    expect(rendered.done).toContain('converted from CMYK to sRGB');
    expect((await sharp(made).metadata()).space).toBe('srgb');
    expect((await quarters(made))[0]).toEqual([170, 90, 80].map((value) => expect.closeTo(value, -1.6)));
  });

  test('a plain picture goes out as it is', async () => {
    for (const file of [await picture(64, 64).jpeg().toBuffer(), await picture(64, 64).png().toBuffer()])
      expect(await probe(file)).toMatchObject({ mustRender: false, hasMetadata: false });
  });

  test('a PNG with a gamma of its own keeps its look: stripped it keeps the chunk, encoded anew its samples change', async () => {
    const row = Buffer.concat([Buffer.of(0), Buffer.alloc(64 * 3, 128)]);
    const data = deflateSync(Buffer.concat(Array.from({ length: 64 }, () => row)));
    const gamma = Buffer.alloc(4);
    // Linear light: half of it is 188 on sRGB's curve.
    gamma.writeUInt32BE(100_000);
    const withGamma = (...more: Buffer[]) => pngWith({ width: 64, height: 64 }, data, pngChunk('gAMA', gamma), ...more);
    expect((await quarters((await render(withGamma())).file))[0]).toEqual(
      [188, 188, 188].map((value) => expect.closeTo(value, -0.5)),
    );
    // What tells its colours in full wins over it.
    const told = withGamma(pngChunk('sRGB', Buffer.of(0)));
    expect((await quarters((await render(told)).file))[0]).toEqual(
      [128, 128, 128].map((value) => expect.closeTo(value, -0.5)),
    );
    const inputPath = await write(withGamma(pngChunk('tEXt', Buffer.from('Author\0Canary'))));
    const outputPath = `${inputPath}-out`;
    await inspector.inspect({ kind: 'strip', inputPath, outputPath, mimeType: 'image/png' }, 'org_1');
    const stripped = await readFile(outputPath);
    expect([stripped.includes('Canary'), stripped.includes('gAMA')]).toEqual([false, true]);
  });
});

describe('animations', () => {
  const size = { bytesMax: 5_000_000, widthMax: null, heightMax: null, pixelsMax: null };
  const still = { ...size, mimeTypes: ['image/jpeg'] } as const;

  async function animate(file: Buffer, limits: { readonly widthMax?: number; readonly bytesMax?: number } = {}) {
    const inputPath = await write(file);
    const outputPath = `${inputPath}-out`;
    const order = { kind: 'animate', inputPath, outputPath, gif: { ...size, ...limits }, still } as const;
    const rendered = await inspector.inspect(order, 'org_1');
    return { rendered, file: await readFile(outputPath) };
  }

  test('an animated WebP becomes a GIF of as many frames and as long', async () => {
    const { rendered, file } = await animate(await webp(6, 120, 90));
    expect(rendered).toMatchObject({ mimeType: 'image/gif', width: 120, height: 90 });
    expect(await probe(file)).toMatchObject({
      mimeType: 'image/gif',
      animated: true,
      frames: 6,
      durationMs: 600,
      width: 120,
    });
  });

  test('is fitted into pixels and bytes', async () => {
    const original = await webp(6, 400, 300);
    const { rendered, file } = await animate(original, { widthMax: 200 });
    expect(rendered).toMatchObject({ width: 200, height: 150 });
    const bytesMax = Math.floor(file.length * 0.9);
    const smaller = await animate(original, { widthMax: 200, bytesMax });
    expect(smaller.rendered).toMatchObject({ mimeType: 'image/gif' });
    expect(smaller.file.length).toBeLessThanOrEqual(bytesMax);
    expect(await probe(smaller.file)).toMatchObject({ frames: 6 });
  });

  test('becomes its first frame where it cannot be made small enough', async () => {
    const { rendered, file } = await animate(await webp(6, 400, 300), { bytesMax: 500 });
    expect(rendered).toMatchObject({
      mimeType: 'image/jpeg',
      width: 400,
      done: expect.arrayContaining(['reduced to its first frame']),
    });
    expect(await probe(file)).toMatchObject({ mimeType: 'image/jpeg', animated: false });
  });
});
