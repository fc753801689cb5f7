import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { blue, green, heic, red } from '../fixtures/test-heic.ts';
import { largePicture, picture } from '../fixtures/test-images.ts';
import { probe, render, quarters, is } from './test-pictures.ts';

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
