import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { picture } from '../fixtures/test-images.ts';
import { renderImage } from './render-image.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-render-'));
});
afterAll(() => rm(directory, { recursive: true }));

const any = { widthMax: null, heightMax: null, pixelsMax: null, quality: null };
let count = 0;

async function render(file: Buffer, target: Partial<Parameters<typeof renderImage>[0]>) {
  count += 1;
  const [inputPath, outputPath] = [join(directory, `in-${count}`), join(directory, `out-${count}`)];
  await writeFile(inputPath, file);
  const rendered = await renderImage({
    ...any,
    mimeTypes: ['image/png'],
    bytesMax: 1e7,
    inputPath,
    outputPath,
    ...target,
  });
  return { rendered, file: await readFile(outputPath) };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i is turned upright, pixel by pixel', async (orientation) => {
  const file = await picture(40, 25).withMetadata({ orientation }).png().toBuffer();
  const { rendered, file: upright } = await render(file, {});
  const expected = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
  expect(rendered).toMatchObject({ width: expected.info.width, height: expected.info.height });
  expect((await sharp(upright).raw().toBuffer()).equals(expected.data)).toBe(true);
});

test.each([1, 4, 5, 7])('what is turned (%i) is fitted into the limits as it is shown', async (orientation) => {
  const file = await picture(400, 300).withMetadata({ orientation }).jpeg().toBuffer();
  const wide = orientation < 5;
  for (const [limits, width, height] of [
    [{ widthMax: 100 }, 100, wide ? 75 : 133],
    [{ heightMax: 100 }, wide ? 133 : 75, 100],
    [{ pixelsMax: 400 * 3 * 25 }, wide ? 200 : 150, wide ? 150 : 200],
  ] as const)
    expect((await render(file, { mimeTypes: ['image/jpeg'], ...limits })).rendered).toMatchObject({ width, height });
});

test('a picture is made to fit by quality first and by size then, as large as it may be', async () => {
  const file = await picture(1200, 900).jpeg({ quality: 98 }).toBuffer();
  const sizes = [];
  for (const bytesMax of [600_000, 300_000, 100_000, 20_000, 2_000]) {
    const { rendered, file: made } = await render(file, { mimeTypes: ['image/jpeg'], bytesMax });
    expect(made.length).toBeLessThanOrEqual(bytesMax);
    expect(made.length).toBeGreaterThan(bytesMax * 0.4);
    sizes.push(rendered.width);
  }
  expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
});

test.each(['image/jpeg', 'image/webp'] as const)('a very long picture becomes a %s all the same', async (mimeType) => {
  const file = await sharp({ create: { width: 90_000, height: 20, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
  const { rendered } = await render(file, { mimeTypes: [mimeType] });
  expect(rendered).toMatchObject({ width: mimeType === 'image/jpeg' ? 65_500 : 16_383 });
});

test('a large picture with much in it becomes a WebP', async () => {
  const [width, height] = [5_200, 3_900];
  const sample = (at: number) => (at % 4 === 3 ? (at >> 8) & 255 : (at * at * 7919 + at * 31) % 251);
  const detail = Buffer.from(Array.from({ length: 640 * 480 * 4 }, (_, at) => sample(at)));
  const file = await sharp(detail, { raw: { width: 640, height: 480, channels: 4 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .withMetadata({ orientation: 6 })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const { rendered } = await render(file, { mimeTypes: ['image/webp'], bytesMax: 5_000_000 });
  expect(rendered).toMatchObject({ mimeType: 'image/webp' });
  expect(rendered.width * rendered.height).toBeGreaterThan(10_000_000);
  expect(rendered.width * rendered.height).toBeLessThanOrEqual(12_000_000);
  expect(rendered.width / rendered.height).toBeCloseTo(3 / 4, 2);
}, 60_000);
