import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@vibetribe/testkit/wait-for';
import sharp, { type Sharp } from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gif, jpeg, largePicture, phoneJpeg, picture, png, webp } from '../fixtures/test-images.ts';
import { movie } from '../fixtures/test-movies.ts';
import { inspectorPids } from '../fixtures/inspector-pids.ts';
import { createInspector, inspectorDefaults, type InspectorOptions } from './inspector.ts';
import { MediaRefusedError } from '../media-refused-error.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-inspector-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function file(name: string, content: Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function inspectorWith(probe: Partial<InspectorOptions['probe']>, processesMax = 1) {
  return createInspector({ ...inspectorDefaults, processesMax, probe: { ...inspectorDefaults.probe, ...probe } });
}

test('a file that takes too long is refused, its process is killed, and the next file is read', async () => {
  const render = { ...inspectorDefaults.render, cpuMsMax: 500 };
  await using inspector = createInspector({ ...inspectorDefaults, processesMax: 1, render });
  const inputPath = await file('slow.jpg', await largePicture(7000, 6000).jpeg().toBuffer());
  const limits = { bytesMax: 500_000, widthMax: null, heightMax: null, pixelsMax: null, quality: null };
  const slow = {
    kind: 'render',
    inputPath,
    outputPath: join(directory, 'out'),
    mimeTypes: ['image/jpeg'],
    ...limits,
  } as const;
  await expect(inspector.inspect(slow, 'org_1')).rejects.toMatchObject({
    name: 'MediaRefusedError',
    code: 'too_costly',
  });
  const good = await file('good.jpg', await jpeg());
  expect(await inspector.inspect({ kind: 'probe', path: good, mimeType: 'image/jpeg' }, 'org_1')).toMatchObject({
    width: 320,
  });
});

test.runIf(process.platform === 'linux')('a file that takes too much memory is refused', async () => {
  await using inspector = inspectorWith({ growthBytesMax: 40_000_000 });
  const large = await file(
    'large.jpg',
    await largePicture(4500, 4500).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  );
  await expect(
    inspector.inspect({ kind: 'probe', path: large, mimeType: 'image/jpeg' }, 'org_1'),
  ).rejects.toMatchObject({ code: 'too_costly' });
});

test.runIf(process.platform === 'linux')('the processes have no environment and end with their inspector', async () => {
  const inspector = createInspector();
  const path = await file('a.jpg', await jpeg());
  await inspector.inspect({ kind: 'probe', path, mimeType: 'image/jpeg' }, 'org_1');
  const children = await inspectorPids(process.pid);
  expect(children).toHaveLength(1);
  expect(await readFile(`/proc/${children[0]}/environ`, 'latin1')).not.toContain('PATH=');
  await inspector[Symbol.asyncDispose]();
  await waitFor(async () => (await inspectorPids(process.pid)).length === 0, { describe: 'the processes to end' });
});

test('more work than processes waits its turn', async () => {
  await using inspector = createInspector({ ...inspectorDefaults, processesMax: 1 });
  const path = await file('a.png', await png());
  const results = await Promise.all(
    Array.from({ length: 12 }, () => inspector.inspect({ kind: 'probe', path, mimeType: 'image/png' }, 'org_1')),
  );
  expect(results).toHaveLength(12);
});

test('six large renderings of one organization do not hold up another’s file, nor a third one’s rendering', async () => {
  await using inspector = createInspector();
  const inputPath = await file('large.jpg', await largePicture(5000, 4000).jpeg().toBuffer());
  const small = await file('small.jpg', await jpeg());
  const limits = { bytesMax: 400_000, widthMax: null, heightMax: null, pixelsMax: null, quality: null };
  const finished: string[] = [];
  const render = async (name: string, organizationId: string, path = inputPath) => {
    const job = {
      kind: 'render',
      inputPath: path,
      outputPath: join(directory, name),
      mimeTypes: ['image/jpeg'],
    } as const;
    await inspector.inspect({ ...job, ...limits }, organizationId);
    finished.push(name);
  };
  const large = Array.from({ length: 6 }, (_, index) => render(`large ${index}`, 'org_1'));
  const others = [
    inspector
      .inspect({ kind: 'probe', path: small, mimeType: 'image/jpeg' }, 'org_2')
      .then(() => finished.push('probe')),
    render('small', 'org_3', small),
  ];
  await Promise.all([...large, ...others]);
  // Those two that run when the others come may end first, and in the same moment one more.
  expect(finished.indexOf('probe')).toBeLessThan(3);
  expect(finished.indexOf('small')).toBeLessThan(4);
});

test('a fault of ours is not the file’s: a path that is gone is no refusal', async () => {
  await using inspector = createInspector();
  const gone = inspector.inspect({ kind: 'probe', path: join(directory, 'gone'), mimeType: 'image/png' }, 'org_1');
  await expect(gone).rejects.not.toBeInstanceOf(MediaRefusedError);
});

test('stripping takes place and camera away and leaves every picture bit for bit', async () => {
  await using inspector = createInspector();
  const withText = async (image: Sharp) => image.withExif({ IFD0: { Make: 'Canary Camera' } });
  const files = {
    'image/jpeg': await phoneJpeg(300, 200, 1),
    'image/png': await (await withText(picture(300, 200))).png().toBuffer(),
    'image/webp': await (await withText(picture(300, 200))).webp().toBuffer(),
    'image/gif': withComment(await gif(4)),
  } as const;
  for (const mimeType of ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const) {
    const inputPath = await file('in', files[mimeType]);
    const outputPath = join(directory, `out-${mimeType.replace('/', '-')}`);
    await inspector.inspect({ kind: 'strip', inputPath, outputPath, mimeType }, 'org_1');
    const stripped = await readFile(outputPath);
    expect(files[mimeType].includes('Canary')).toBe(true);
    expect(stripped.includes('Canary')).toBe(false);
    expect(await pixels(stripped)).toEqual(await pixels(files[mimeType]));
    expect(await inspector.inspect({ kind: 'probe', path: outputPath, mimeType }, 'org_1')).toMatchObject({
      hasMetadata: false,
    });
  }
});

test('stripping an animated WebP keeps its frames', async () => {
  await using inspector = createInspector();
  const animated = await sharp(await webp(4), { animated: true })
    .withExif({ IFD0: { Make: 'Canary Camera' } })
    .webp()
    .toBuffer();
  const outputPath = join(directory, 'out');
  await inspector.inspect(
    { kind: 'strip', inputPath: await file('in', animated), outputPath, mimeType: 'image/webp' },
    'org_1',
  );
  expect((await sharp(await readFile(outputPath)).metadata()).pages).toBe(4);
});

test('stripping a video blanks its place and moves nothing', async () => {
  await using inspector = createInspector();
  const original = movie({ place: '+52.5167+013.4000/', brand: 'qt  ' });
  const outputPath = join(directory, 'out');
  await inspector.inspect(
    {
      kind: 'strip',
      inputPath: await file('in', original),
      outputPath,
      mimeType: 'video/quicktime',
    },
    'org_1',
  );
  const stripped = await readFile(outputPath);
  expect(stripped).toHaveLength(original.length);
  expect(stripped.includes('+52.5167')).toBe(false);
  expect(stripped.subarray(-2008)).toEqual(original.subarray(-2008));
  expect(
    await inspector.inspect({ kind: 'probe', path: outputPath, mimeType: 'video/quicktime' }, 'org_1'),
  ).toMatchObject({
    width: 1280,
    hasMetadata: false,
  });
});

test('a large photo turned by EXIF becomes small enough, upright and without its place', async () => {
  await using inspector = createInspector();
  const original = await phoneJpeg(4000, 3000, 6, 96);
  const inputPath = await file('in', original);
  const outputPath = join(directory, 'out');
  const bytesMax = 2_000_000;
  expect(original.length).toBeGreaterThan(3 * bytesMax);
  const rendered = await inspector.inspect(
    {
      kind: 'render',
      inputPath,
      outputPath,
      mimeTypes: ['image/jpeg'],
      bytesMax,
      widthMax: null,
      heightMax: null,
      pixelsMax: null,
      quality: null,
    },
    'org_1',
  );
  const result = await readFile(outputPath);
  const { width, height, exif, orientation } = await sharp(result).metadata();
  expect(result.length).toBeLessThanOrEqual(bytesMax);
  expect((await stat(outputPath)).size).toBe(rendered.bytes);
  expect(rendered).toMatchObject({ width, height });
  expect(height / width).toBeCloseTo(4 / 3, 2);
  expect(exif).toBeUndefined();
  expect(orientation ?? 1).toBe(1);
  expect(result.includes('Canary')).toBe(false);
  expect(rendered.done.join('; ')).toContain('turned upright');
  expect(await readdir(directory)).toHaveLength(2);
});

test('a transparent PNG for a platform that takes JPEG only is put on white', async () => {
  await using inspector = createInspector();
  const transparent = await sharp({
    create: { width: 50, height: 50, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  })
    .png()
    .toBuffer();
  const outputPath = join(directory, 'out');
  const limits = { bytesMax: 1_000_000, widthMax: 20, heightMax: null, pixelsMax: null };
  await inspector.inspect(
    {
      kind: 'render',
      inputPath: await file('in', transparent),
      outputPath,
      mimeTypes: ['image/jpeg'],
      quality: null,
      ...limits,
    },
    'org_1',
  );
  const { data, info } = await sharp(await readFile(outputPath))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 20, height: 20 });
  expect(data[0]).toBeGreaterThan(250);
});

async function pixels(image: Buffer): Promise<Buffer> {
  return sharp(image, { animated: true }).raw().toBuffer();
}

/** A comment right behind the GIF's header and colour table. */
function withComment(file: Buffer): Buffer {
  const flags = file[10] ?? 0;
  const at = 13 + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe, 13]), Buffer.from('Canary Camera'), Buffer.from([0])]);
  return Buffer.concat([file.subarray(0, at), comment, file.subarray(at)]);
}
