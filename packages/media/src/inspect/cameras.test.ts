import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gif, jpeg, largePicture, picture, png, webp } from '../fixtures/test-images.ts';
import { box, movie } from '../fixtures/test-movies.ts';
import { sniffType } from '../upload/sniff-type.ts';
import { createInspector, type Inspector } from './inspector.ts';

let directory: string;
let inspector: Inspector;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vt-cameras-'));
  inspector = createInspector();
});

afterAll(async () => {
  await inspector[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** What is known of the file, and what goes out of it: stripped, or rendered for a platform with few bytes. */
async function takeAndStrip(file: Buffer) {
  const { mimeType } = sniffType(file);
  if (mimeType === null || mimeType.startsWith('video/')) throw new Error(`it is ${mimeType}`);
  count += 1;
  const [path, stripped, rendered] = ['in', 'stripped', 'rendered'].map((name) => join(directory, `${name}-${count}`));
  if (path === undefined || stripped === undefined || rendered === undefined) throw new Error('no path');
  await writeFile(path, file);
  const facts = await inspector.inspect({ kind: 'probe', path, mimeType }, 'org_1');
  const kept = await readFile(path);
  await inspector.inspect({ kind: 'strip', inputPath: path, outputPath: stripped, mimeType }, 'org_1');
  const target = { mimeTypes: ['image/jpeg'], bytesMax: 1_000_000, quality: null } as const;
  const any = { widthMax: null, heightMax: null, pixelsMax: null };
  await inspector.inspect({ kind: 'render', inputPath: path, outputPath: rendered, ...target, ...any }, 'org_1');
  return { facts, kept, stripped: await readFile(stripped), rendered: await readFile(rendered) };
}

const pixels = (image: Buffer) => sharp(image, { failOn: 'warning' }).raw().toBuffer();

function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** Bytes that mean nothing, the same each time, and no 0xff among them. */
function noise(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7919 + 13) % 251));
}

describe('what stands behind the end of a picture is cut off', () => {
  const trailers: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
    ['one newline', () => Buffer.from('\n')],
    ['a line of text', () => Buffer.from('\r\nEdited with a press tool, 2026\r\n')],
    ['zeros', () => Buffer.alloc(4096)],
    ['0xff, and zeros', () => Buffer.concat([Buffer.alloc(512, 0xff), Buffer.alloc(100)])],
    ['a maker’s notes', () => noise(9_000)],
    ['a TIFF directory', () => Buffer.concat([Buffer.from('II*\0\b\0\0\0'), noise(3_000)])],
    ['a second picture after padding', async () => Buffer.concat([Buffer.alloc(30_000), await jpeg(64, 48)])],
    ['a film', () => movie()],
    ['a film in a box of its maker', () => Buffer.concat([box('mpvd', movie()), noise(40)])],
    ['a packet of XMP', () => Buffer.from('<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>')],
    ['a trailer with its name at its end', () => Buffer.concat([noise(500), Buffer.from('SEFT')])],
    [
      'a film with the first letters of a script by chance',
      () => Buffer.concat([movie(), Buffer.from('<%@\u0001 a<%@ x =')]),
    ],
    [
      'the first letters of an archive by chance',
      () => Buffer.concat([noise(99), Buffer.from('PK\u0003\u0004MZPK\u0005\u0006'), noise(99)]),
    ],
  ];
  const pictures = {
    'image/jpeg': () => jpeg(),
    'image/png': () => png(),
    'image/gif': () => gif(3),
    'image/webp': () => webp(3),
  };
  const cases = trailers.flatMap(([what, make]) =>
    (Object.keys(pictures) as (keyof typeof pictures)[]).map((mimeType) => [what, mimeType, make] as const),
  );

  test.each(cases)('%s behind %s', async (_, mimeType, make) => {
    const good = await pictures[mimeType]();
    const { facts, stripped, rendered } = await takeAndStrip(Buffer.concat([good, await make()]));
    expect(facts).toMatchObject({ mimeType, hasMetadata: true });
    expect(stripped).toEqual(good);
    expect((await sharp(rendered).metadata()).width).toBe(facts.width);
  });
});

test('a page behind a JPEG is cut off the file itself; the same behind other pictures, or a script, is a reason to refuse', async () => {
  const good = await jpeg();
  const page = Buffer.from('\r\n<!DOCTYPE html><html><body><script>alert(1)</script></body></html>');
  const { facts, stripped, kept } = await takeAndStrip(Buffer.concat([good, page]));
  expect(facts).toMatchObject({ width: 320, bytes: good.length });
  expect(kept).toEqual(good);
  expect(stripped).toEqual(good);
  for (const file of [
    Buffer.concat([await png(), page]),
    Buffer.concat([good, page, Buffer.from('<?php system($_GET[0]);')]),
    ...['<%@ Page Language="C#" %>', '<%@LANGUAGE="VBScript"%>', '<%@\tpage import="java.io.*" %>'].map((script) =>
      Buffer.concat([good, Buffer.from(script)]),
    ),
    Buffer.concat([good, Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
  ])
    await expect(takeAndStrip(file)).rejects.toMatchObject({ code: 'second_format' });
});

const progressive = () => picture(320, 200).jpeg({ progressive: true }).toBuffer();

describe('a picture whose end is sloppy is taken, and goes out whole', () => {
  const cut = async (make: () => Promise<Buffer>, bytes: number, more = Buffer.alloc(0)) => {
    const good = await make();
    return { good, sloppy: Buffer.concat([good.subarray(0, -bytes), more]) };
  };

  test.each([
    ['a JPEG without its end mark', () => cut(() => jpeg(), 2)],
    ['a JPEG with half of its end mark', () => cut(() => jpeg(), 1)],
    ['a progressive JPEG with zeros instead', () => cut(progressive, 2, Buffer.alloc(100))],
    ['a JPEG with zeros instead', () => cut(() => jpeg(), 2, Buffer.alloc(4096))],
    ['a GIF without its end mark', () => cut(() => gif(3), 1)],
    ['a GIF with a zero instead', () => cut(() => gif(3), 1, Buffer.of(0))],
    ['a GIF cut off within a comment', () => cut(() => gif(3), 1, Buffer.from('21fe08436f6d6d65', 'hex'))],
    ['a PNG without its end mark', () => cut(() => png(), 12)],
    ['a PNG with half of its end mark', () => cut(() => png(), 5)],
    ['a PNG with a newline instead', () => cut(() => png(), 12, Buffer.from('\n'))],
    ['a PNG with zeros instead', () => cut(() => png(), 12, Buffer.alloc(64))],
    ['a PNG with its end mark half, and a newline', () => cut(() => png(), 4, Buffer.from('\r\n'))],
  ] as const)('%s', async (_, make) => {
    const { good, sloppy } = await make();
    const { facts, stripped, rendered } = await takeAndStrip(sloppy);
    expect(facts.hasMetadata).toBe(true);
    expect(await pixels(stripped)).toEqual(await pixels(good));
    expect(stripped).toEqual(good);
    expect((await sharp(rendered).metadata()).width).toBe(facts.width);
  });

  test('one that lost more than that is not', async () => {
    for (const file of [
      (await jpeg()).subarray(0, -3_000),
      (await gif(3)).subarray(0, -9),
      (await png()).subarray(0, -20),
      (await webp(3)).subarray(0, -9),
    ])
      await expect(takeAndStrip(file)).rejects.toMatchObject({ code: 'malformed' });
  });

  test('a WebP without the byte that makes its length even', async () => {
    const good = await picture(60, 40).webp().toBuffer();
    const chunk = Buffer.alloc(9);
    chunk.write('XTRA');
    chunk.writeUInt32LE(1, 4);
    const odd = Buffer.concat([good, chunk]);
    for (const told of [odd.length - 8, odd.length - 7]) {
      odd.writeUInt32LE(told, 4);
      expect((await takeAndStrip(odd)).stripped).toEqual(good);
    }
  });
});

describe('odd but good JPEGs', () => {
  test('bytes between the segments, restarts out of place and fill bytes are passed over, and do not go out', async () => {
    const file = await jpeg();
    const odd = Buffer.concat([
      file.subarray(0, 2),
      segment(0xe1, Buffer.from('Canary Camera')),
      Buffer.from('00000000', 'hex'),
      Buffer.from('ff01ffd0ffffff', 'hex'),
      file.subarray(2),
    ]);
    const { facts, stripped } = await takeAndStrip(odd);
    expect(facts).toMatchObject({ width: 320, hasMetadata: true });
    expect(await pixels(stripped)).toEqual(await pixels(file));
    expect(stripped.includes('Canary')).toBe(false);
  });

  test('one that begins with its frame header', async () => {
    const file = await jpeg();
    const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
    const end = frame + 2 + file.readUInt16BE(frame + 2);
    const first = Buffer.concat([
      file.subarray(0, 2),
      file.subarray(frame, end),
      file.subarray(2, frame),
      file.subarray(end),
    ]);
    expect((await takeAndStrip(first)).facts).toMatchObject({ width: 320, height: 200 });
  });

  test.each(['4:2:0', '4:4:4'])(
    'a progressive one of 50 megapixels, %s',
    { timeout: 60_000 },
    async (chromaSubsampling) => {
      const file = await largePicture(8192, 6144)
        .jpeg({ progressive: true, chromaSubsampling, quality: 60 })
        .toBuffer();
      expect(file.length).toBeLessThan(10 * 1024 * 1024);
      expect((await takeAndStrip(file)).facts).toMatchObject({ width: 8192, height: 6144 });
    },
  );
});
