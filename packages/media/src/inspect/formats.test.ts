import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { ImageTarget } from '@vibetribe/media-rules/plan-rendition';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blue, green, heic, red } from '../fixtures/test-heic.ts';
import { largePicture, picture, pngChunk, pngWith, webp } from '../fixtures/test-images.ts';
import { sniffType } from '../upload/sniff-type.ts';
import { createInspector, type Inspector } from './inspector.ts';

let directory: string;
let inspector: Inspector;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-formats-'));
  inspector = createInspector();
});

afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function write(file: Buffer): Promise<string> {
  count += 1;
  const path = join(directory, `in-${count}`);
  await writeFile(path, file);
  return path;
}

async function probe(file: Buffer) {
  const { mimeType } = sniffType(file);
  if (mimeType === null) throw new Error('it is of no type that is taken');
  return inspector.inspect({ kind: 'probe', path: await write(file), mimeType }, 'org_1');
}

const any = { widthMax: null, heightMax: null, pixelsMax: null, bytesMax: 10_000_000 };

async function render(file: Buffer, target: Partial<ImageTarget> = {}) {
  const inputPath = await write(file);
  const outputPath = `${inputPath}-out`;
  const order = { kind: 'render', inputPath, outputPath, quality: null, mimeTypes: ['image/jpeg'], ...any } as const;
  const rendered = await inspector.inspect({ ...order, ...target }, 'org_1');
  return { rendered, file: await readFile(outputPath) };
}

/** Of the four quarters of a picture, row by row: the mean of red, green and blue. */
async function quarters(file: Buffer): Promise<number[][]> {
  const { width, height } = await sharp(file).metadata();
  const half = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  const places = [
    [0, 0],
    [half.width, 0],
    [0, half.height],
    [half.width, half.height],
  ] as const;
  return Promise.all(
    places.map(async ([left, top]) => {
      const part = await sharp(file)
        .extract({ left, top, ...half })
        .toBuffer();
      return (await sharp(part).stats()).channels.slice(0, 3).map(({ mean }) => Math.round(mean));
    }),
  );
}

const is = (colour: readonly number[]) => colour.map((value) => expect.closeTo(value, -1.3));
const [pureRed, pureGreen, pureBlue] = [is([254, 0, 0]), is([0, 255, 1]), is([0, 0, 254])];

async function displayP3(): Promise<Buffer> {
  const file = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
    .withIccProfile('p3')
    .png()
    .toBuffer();
  const { icc } = await sharp(file).metadata();
  if (icc === undefined) throw new Error('no profile');
  return icc;
}

describe('HEIC', () => {
  /** Red above, and below green beside blue. */
  const colourAt = (x: number, y: number) => (y < 32 ? red : x < 48 ? green : blue);
  const marked = (quarterTurns: 0 | 1 | 2 | 3) => heic({ width: 96, height: 64, colourAt, quarterTurns });

  test('tells its size, and that it goes out as something else', async () => {
    expect(await probe(marked(0))).toMatchObject({
      mimeType: 'image/heic',
      width: 96,
      height: 64,
      orientation: 1,
      animated: false,
      frames: 1,
      alpha: false,
      mustRender: true,
    });
  });

  test.each([
    [0, [pureRed, pureRed, pureGreen, pureBlue], { width: 96, height: 64 }],
    [1, [pureRed, pureBlue, pureRed, pureGreen], { width: 64, height: 96 }],
    [2, [pureBlue, pureGreen, pureRed, pureRed], { width: 96, height: 64 }],
    [3, [pureGreen, pureRed, pureBlue, pureRed], { width: 64, height: 96 }],
  ] as const)('turned by %i quarters it becomes an upright JPEG', async (quarterTurns, colours, size) => {
    expect(await probe(marked(quarterTurns))).toMatchObject(size);
    const { rendered, file } = await render(marked(quarterTurns));
    expect(rendered).toMatchObject({
      mimeType: 'image/jpeg',
      ...size,
      done: expect.arrayContaining(['converted to image/jpeg']),
    });
    expect(await quarters(file)).toEqual(colours);
  });

  test('its place and camera stay behind', async () => {
    const exif = Buffer.from('Exif\0\0II*\0\b\0\0\0\0\0Canary Camera');
    const file = heic({ exif });
    expect(file.includes('Canary')).toBe(true);
    expect(await probe(file)).toMatchObject({ hasMetadata: true });
    expect((await render(file)).file.includes('Canary')).toBe(false);
  });

  test('its colours are those of its profile', async () => {
    const profile = await displayP3();
    // The strongest red of sRGB, in the numbers of Display P3.
    const p3Red = [104, 89, 221] as const;
    const [plain] = await quarters((await render(heic({ colourAt: () => p3Red }))).file);
    const [wide] = await quarters((await render(heic({ colourAt: () => p3Red, profile }))).file);
    expect(plain).toEqual([234, 51, 35].map((value) => expect.closeTo(value, -1)));
    expect(wide).toEqual([254, 2, 2].map((value) => expect.closeTo(value, -1)));
  });

  test(
    'one of 50 megapixels in a grid, as phones write them, is taken and goes out',
    { timeout: 120_000 },
    async () => {
      const profile = await displayP3();
      const file = heic({ width: 512, height: 512, grid: { columns: 16, rows: 12 }, profile });

      expect(await probe(file)).toMatchObject({ width: 8192, height: 6144 });
      const { rendered } = await render(file, { bytesMax: 2_000_000 });
      expect(rendered.bytes).toBeLessThanOrEqual(2_000_000);
    },
  );

  test('one of more is refused before it is decoded', async () => {
    const file = heic({ width: 512, height: 512, grid: { columns: 16, rows: 13 } });
    await expect(probe(file)).rejects.toMatchObject({ code: 'too_many_pixels' });
  });

  test('a broken one is refused, and the next good one is not', async () => {
    const good = marked(0);
    const broken = Buffer.from(good);
    broken.fill(0, good.length - 9_000, good.length - 100);
    const cases = [good.subarray(0, good.length >> 1), Buffer.concat([good.subarray(0, 24), good.subarray(60)])];
    for (const file of cases) {
      await expect(probe(file)).rejects.toMatchObject({ name: 'MediaRefusedError' });
      expect(await probe(good)).toMatchObject({ width: 96 });
    }
    await probe(broken).catch((error: unknown) => expect(error).toMatchObject({ name: 'MediaRefusedError' }));
    expect(await probe(good)).toMatchObject({ width: 96 });
  });

  test('a ZIP archive behind it is a reason to refuse', async () => {
    const zip = Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex');
    await expect(probe(Buffer.concat([marked(0), zip]))).rejects.toMatchObject({ code: 'second_format' });
  });
});

describe('AVIF', () => {
  test('is taken and becomes a JPEG, or keeps its transparency where it has some', async () => {
    const opaque = await picture(120, 90).avif({ effort: 0 }).toBuffer();
    expect(await probe(opaque)).toMatchObject({
      mimeType: 'image/avif',
      width: 120,
      height: 90,
      alpha: false,
      mustRender: true,
    });
    expect((await render(opaque)).rendered).toMatchObject({ mimeType: 'image/jpeg', width: 120, height: 90 });
    const half = {
      create: { width: 60, height: 40, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
    } as const;
    const transparent = await sharp(half).avif({ effort: 0 }).toBuffer();
    expect(await probe(transparent)).toMatchObject({ alpha: true });
    const { file } = await render(transparent, { mimeTypes: ['image/webp'] });
    expect((await sharp(file).stats()).isOpaque).toBe(false);
  });

  test('one of 30 megapixels is taken and goes out, one of more is refused', { timeout: 120_000 }, async () => {
    const file = await largePicture(6000, 5000).avif({ effort: 0, quality: 30 }).toBuffer();
    expect(await probe(file)).toMatchObject({ width: 6000, height: 5000 });
    expect((await render(file, { bytesMax: 2_000_000 })).rendered.bytes).toBeLessThanOrEqual(2_000_000);
    const larger = await sharp({ create: { width: 6001, height: 5000, channels: 3, background: '#777777' } })
      .avif({ effort: 0 })
      .toBuffer();
    await expect(probe(larger)).rejects.toMatchObject({ code: 'too_many_pixels' });
  });
});

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
